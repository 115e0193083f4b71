// y = mean of the 5 largest x over all positions (of all of them where there are fewer)   x: (N, P, C)   y: (N, C)
// lib: linearId
// P = H * W, C a multiple of 4. One invocation takes 4 channels and keeps their 5 largest in order.

const N = 1u;
const P = 1u;
const C = 4u;
const WORKGROUP = 64u;

const C4 = C / 4u;
const COUNT = min(P, 5u);

alias XElement = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= N * C4) { return; }
  let start = (id / C4) * P * C4 + id % C4;
  var first = vec4f(-3.4028234e38);
  var second = first;
  var third = first;
  var fourth = first;
  var fifth = first;
  var magnitude = vec4u(); // the largest, in bits: above that of infinity where there is a NaN, which max may drop
  for (var position = 0u; position < P; position++) {
    // v sinks to its place; what it displaces sinks on.
    var v = vec4f(x[start + position * C4]);
    magnitude = max(magnitude, bitcast<vec4u>(v) & vec4u(0x7fffffffu));
    var larger = max(first, v);
    v = min(first, v);
    first = larger;
    larger = max(second, v);
    v = min(second, v);
    second = larger;
    larger = max(third, v);
    v = min(third, v);
    third = larger;
    larger = max(fourth, v);
    v = min(fourth, v);
    fourth = larger;
    fifth = max(fifth, v);
  }
  var sum = first;
  if (COUNT > 1u) { sum += second; }
  if (COUNT > 2u) { sum += third; }
  if (COUNT > 3u) { sum += fourth; }
  if (COUNT > 4u) { sum += fifth; }
  y[id] = select(sum / f32(COUNT), bitcast<vec4f>(magnitude), magnitude > vec4u(0x7f800000u));
}

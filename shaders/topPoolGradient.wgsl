// dx = dy / 5 at the 5 largest x of a channel (dy / P at all where there are fewer), else 0   x, dx: (N, P, C)   dy: (N, C)
// lib: linearId
// P = H * W, C a multiple of 4. Of equal values the first count. One invocation takes 4 channels: it finds their fifth
// values as topPool does, then gives to what is larger, and to as many equals as are left.

const WORKGROUP = 64u;

struct Params { N: u32, P: u32, C: u32 }

alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let C4 = params.C / 4u;
  if (id >= params.N * C4) { return; }
  let start = (id / C4) * params.P * C4 + id % C4;
  var first = vec4f(-3.4028234e38);
  var second = first;
  var third = first;
  var fourth = first;
  var fifth = first;
  for (var position = 0u; position < params.P; position++) {
    // v sinks to its place; what it displaces sinks on.
    var v = vec4f(x[start + position * C4]);
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
  var equals = vec4f(1.0); // how many of the five equal the fifth: how many of those to come still count
  equals += select(vec4f(), vec4f(1.0), first == fifth);
  equals += select(vec4f(), vec4f(1.0), second == fifth);
  equals += select(vec4f(), vec4f(1.0), third == fifth);
  equals += select(vec4f(), vec4f(1.0), fourth == fifth);
  let share = dy[id] / f32(min(params.P, 5u));
  for (var position = 0u; position < params.P; position++) {
    let v = vec4f(x[start + position * C4]);
    let isEqual = (v == fifth) & (equals > vec4f());
    equals -= select(vec4f(), vec4f(1.0), isEqual);
    dx[start + position * C4] = select(vec4f(), share, isEqual | (v > fifth));
  }
}

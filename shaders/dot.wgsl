// parts[FIRST + i] = sum of a b over every COUNT-th vec4 from the i-th on, i < COUNT   a, b: (SIZE), SIZE a multiple of 4
// lib: linearId
// The first pass of an inner product; sumParts is the second. An invocation makes one part: no barrier, a fixed order.

const WORKGROUP = 64u;

struct Params { SIZE: u32, COUNT: u32, FIRST: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= params.COUNT) { return; }
  var sum = vec4f();
  for (var i = id; i < params.SIZE / 4u; i += params.COUNT) { sum += a[i] * b[i]; }
  parts[params.FIRST + id] = sum.x + sum.y + sum.z + sum.w;
}

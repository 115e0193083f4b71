// y = x[0] + x[1] + ...   the ordered second pass of a sum that was cut into slices   x: (SLICES, SIZE)   y: (SIZE)
// lib: linearId
// The slices are added in order, so that results do not depend on which workgroup was done first. SIZE is a multiple of 4.

const WORKGROUP = 64u;

struct Params { SLICES: u32, SIZE: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let size = params.SIZE / 4u;
  if (id >= size) { return; }
  var sum = x[id];
  for (var slice = 1u; slice < params.SLICES; slice++) { sum += x[slice * size + id]; }
  y[id] = sum;
}

// y = x + x transposed   x, y: (MATRICES, C, C)
// lib: linearId

const WORKGROUP = 64u;

struct Params { MATRICES: u32, C: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let size = params.C * params.C;
  if (id >= params.MATRICES * size) { return; }
  y[id] = x[id] + x[(id / size) * size + (id % params.C) * params.C + (id / params.C) % params.C];
}

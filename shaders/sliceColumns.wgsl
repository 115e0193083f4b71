// y = x[:, OFFSET .. OFFSET + C]   x: (ROWS, TOTAL)   y: (ROWS, C)   any sizes
// lib: linearId

const WORKGROUP = 64u;

struct Params { ROWS: u32, C: u32, OFFSET: u32, TOTAL: u32 }

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
  if (id >= params.ROWS * params.C) { return; }
  y[id] = x[(id / params.C) * params.TOTAL + params.OFFSET + id % params.C];
}

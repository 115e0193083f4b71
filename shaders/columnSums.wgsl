// y = sum over the rows of x   x: (ROWS, C)   y: (C)   any sizes, meant for few rows: an invocation adds up one column
// lib: linearId

const WORKGROUP = 64u;

struct Params { ROWS: u32, C: u32 }

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
  if (id >= params.C) { return; }
  var sum = 0.0;
  for (var row = 0u; row < params.ROWS; row++) { sum += x[row * params.C + id]; }
  y[id] = sum;
}

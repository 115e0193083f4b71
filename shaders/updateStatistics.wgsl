// mean = (1 - m) mean + m statistics[0];  variance = (1 - m) variance + m statistics[1] ROWS / (ROWS - 1), in place
// m = momentum[INDEX]   statistics: (2, C) of the batch   momentum: (INDEX + 1 or more)   guard: (1)   mean, variance: (C)
// lib: finite, linearId
// The running statistics of torch.nn.BatchNorm: the unbiased variance. Where guard is infinite or NaN nothing changes.

const WORKGROUP = 64u;

struct Params { ROWS: u32, C: u32, INDEX: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> momentum: array<f32>;
@group(0) @binding(3) var<storage, read> guard: array<f32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let c = linearId(group, local, groups, WORKGROUP);
  if (c >= params.C || !finite(guard[0])) { return; }
  let m = momentum[params.INDEX];
  let unbiased = statistics[params.C + c] * (f32(params.ROWS) / f32(params.ROWS - 1u));
  mean[c] = (1.0 - m) * mean[c] + m * statistics[c];
  variance[c] = (1.0 - m) * variance[c] + m * unbiased;
}

// y = activate((x - mean) / sqrt(variance + EPS) * gamma + beta)   x, y: (ROWS, C)   gamma, beta, mean, variance: (C)
// lib: activate, linearId
// With given statistics, as in inference; rows are all positions of all images.

const ROWS = 1u;
const C = 1u;
const EPS = 1e-5f;
const ACTIVATION = 0u;
const WORKGROUP = 64u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= ROWS * C) { return; }
  let c = id % C;
  let v = (x[id] - mean[c]) * inverseSqrt(variance[c] + EPS) * gamma[c] + beta[c];
  y[id] = activate(vec4f(v), ACTIVATION).x;
}

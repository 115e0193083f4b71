// losses[n] = WEIGHT / N (log(sum exp d) - (1 - SMOOTHING) d[label] - SMOOTHING / K sum d), d = logits[n] - their maximum
// logits: (N, K)   labels, losses: (N)
// lib: linearId, logits
// Their sum is WEIGHT times torch's cross_entropy with label_smoothing. Logits are never f16: exp makes of an absolute error
// a relative one.

const LINES = 64u;
const LANES = 1u;

const INVOCATIONS = LINES * LANES;

struct Params { N: u32, K: u32, WEIGHT: f32, SMOOTHING: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let n = linearId(group, local % LINES, groups, LINES);
  let start = min(n, params.N - 1u) * params.K; // rows past the end repeat the last one and are never stored
  let row = sumsOf(start, local);
  if (n >= params.N || local >= LINES) { return; }
  let right = logits[start + labels[n]] - row.x;
  let loss = log(row.y) - (1.0 - params.SMOOTHING) * right - params.SMOOTHING * row.z / f32(params.K);
  losses[n] = params.WEIGHT * loss / f32(params.N);
}

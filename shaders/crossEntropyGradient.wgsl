// d[n, k] = dy WEIGHT / N (softmax(logits[n])[k] - target[n, k]), target = (1 - SMOOTHING) (k == label) + SMOOTHING / K
// dy: (1)   logits, d: (N, K)   labels: (N)
// lib: linearId, logits

const LINES = 64u;
const LANES = 1u;

const INVOCATIONS = LINES * LANES;

struct Params { N: u32, K: u32, WEIGHT: f32, SMOOTHING: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let n = linearId(group, local % LINES, groups, LINES);
  let start = min(n, params.N - 1u) * params.K; // rows past the end repeat the last one and are never stored
  let row = sumsOf(start, local);
  if (n >= params.N) { return; }
  let scale = dy[0] * params.WEIGHT / f32(params.N);
  for (var k = local / LINES; k < params.K; k += LANES) {
    let label = select(0.0, 1.0 - params.SMOOTHING, k == labels[n]);
    let wanted = label + params.SMOOTHING / f32(params.K);
    d[start + k] = scale * (exp(logits[start + k] - row.x) / row.y - wanted);
  }
}

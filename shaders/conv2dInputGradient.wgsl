// dx[h, w, c] = sum of dy[oh, ow, k] w[kh, kw, c, k] where oh STRIDE_H + kh DILATION_H - PAD_H = h, likewise w; + residual
// dy: (N, OH, OW, K)   w: (KH, KW, C, K)   residual, dx: (N, H, W, C)   any C and K
// lib: linearId
// For channels that are no multiples of 4, and geometries that no other kernel takes: one invocation a value, plain loops.

const WORKGROUP = 64u;

struct Params {
  N: u32,
  H: u32,
  W: u32,
  C: u32,
  K: u32,
  OH: u32,
  OW: u32,
  KH: u32,
  KW: u32,
  STRIDE_H: u32,
  STRIDE_W: u32,
  PAD_H: u32,
  PAD_W: u32,
  DILATION_H: u32,
  DILATION_W: u32,
  RESIDUAL: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

// The output position whose window has this tap at `at`, or -1. `at`: with the padding, less the tap's offset.
fn outputAt(at: i32, stride: u32, size: u32) -> i32 {
  let position = at / i32(stride);
  return select(-1, position, at >= 0 && at % i32(stride) == 0 && position < i32(size));
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= params.N * params.H * params.W * params.C) { return; }
  let c = id % params.C;
  let pixel = id / params.C;
  let column = i32(pixel % params.W + params.PAD_W);
  let row = i32((pixel / params.W) % params.H + params.PAD_H);
  let image = pixel / (params.W * params.H);
  var sum = 0.0;
  for (var kh = 0u; kh < params.KH; kh++) {
    let oh = outputAt(row - i32(kh * params.DILATION_H), params.STRIDE_H, params.OH);
    if (oh < 0) { continue; }
    for (var kw = 0u; kw < params.KW; kw++) {
      let ow = outputAt(column - i32(kw * params.DILATION_W), params.STRIDE_W, params.OW);
      if (ow < 0) { continue; }
      let start = ((image * params.OH + u32(oh)) * params.OW + u32(ow)) * params.K;
      let weight = ((kh * params.KW + kw) * params.C + c) * params.K;
      for (var k = 0u; k < params.K; k++) { sum += dy[start + k] * w[weight + k]; }
    }
  }
  if (params.RESIDUAL == 1u) { sum += residual[id]; }
  dx[id] = sum;
}

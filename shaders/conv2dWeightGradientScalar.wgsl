// dw[kh, kw, c, k] = sum over positions m of x[window of m at (kh, kw), c] dy[m, k]   any C and K
// x: (N, H, W, C)   dy: (N, OH, OW, K)   dw: (KH, KW, C, K)
// lib: linearId
// For output channels that are no multiple of 4, on every adapter: one invocation a weight, plain loops.

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
}

alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<XElement>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let k = id % params.K;
  let c = (id / params.K) % params.C;
  let tap = id / (params.K * params.C);
  if (tap >= params.KH * params.KW) { return; }
  let dh = i32((tap / params.KW) * params.DILATION_H) - i32(params.PAD_H);
  let dw0 = i32((tap % params.KW) * params.DILATION_W) - i32(params.PAD_W);
  var sum = 0.0;
  for (var row = 0u; row < params.N * params.OH; row++) { // of the output, of all images
    let h = i32((row % params.OH) * params.STRIDE_H) + dh;
    if (u32(h) >= params.H) { continue; }
    let start = ((row / params.OH) * params.H + u32(h)) * params.W;
    for (var ow = 0u; ow < params.OW; ow++) {
      let w = i32(ow * params.STRIDE_W) + dw0;
      if (u32(w) >= params.W) { continue; }
      sum += f32(x[(start + u32(w)) * params.C + c]) * dy[(row * params.OW + ow) * params.K + k];
    }
  }
  dw[id] = sum;
}

// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, register-tile family
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   C and K multiples of 4
// lib: activate, convStore, convWindow, linearId
// One invocation makes 4 output positions x 4 output channels in one mat4x4f and shares nothing: no barrier, so it suits
// software adapters. The rows of the GEMM are all positions of the batch: M = N * OH * OW.

const N = 1u;
const H = 1u;
const W = 1u;
const C = 4u;
const K = 4u;
const OH = 1u;
const OW = 1u;
const KH = 1u;
const KW = 1u;
const STRIDE_H = 1u;
const STRIDE_W = 1u;
const PAD_H = 0u;
const PAD_W = 0u;
const DILATION_H = 1u;
const DILATION_W = 1u;
const RESIDUAL = false;
const ACTIVATION = 0u;
const WORKGROUP = 64u;

const M = N * OH * OW;
const C4 = C / 4u;
const K4 = K / 4u;
const PADDED = PAD_H + PAD_W > 0u;

alias XElement = f32;
alias WElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<WElement>>;
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;
@group(0) @binding(3) var<storage, read> shift: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<YElement>>;

fn load(start: i32, c: u32) -> vec4f {
  if (!PADDED) { return vec4f(x[u32(start) + c]); }
  return select(vec4f(), vec4f(x[u32(max(start, 0)) + c]), start >= 0);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let column = id % K4;
  let row = (id / K4) * 4u;
  if (row >= M) { return; }
  let corner0 = corner(row);
  let corner1 = corner(row + 1u);
  let corner2 = corner(row + 2u);
  let corner3 = corner(row + 3u);
  var sum = mat4x4f(); // column i: output position row + i
  var weight = column;
  for (var kh = 0u; kh < KH; kh++) {
    let start0 = rowStart(corner0, kh);
    let start1 = rowStart(corner1, kh);
    let start2 = rowStart(corner2, kh);
    let start3 = rowStart(corner3, kh);
    for (var kw = 0u; kw < KW; kw++) {
      let tap0 = pixel(corner0, start0, kw) * i32(C4);
      let tap1 = pixel(corner1, start1, kw) * i32(C4);
      let tap2 = pixel(corner2, start2, kw) * i32(C4);
      let tap3 = pixel(corner3, start3, kw) * i32(C4);
      for (var c = 0u; c < C4; c++) {
        let xs = mat4x4f(load(tap0, c), load(tap1, c), load(tap2, c), load(tap3, c));
        let ws = mat4x4f(vec4f(w[weight]), vec4f(w[weight + K4]), vec4f(w[weight + 2u * K4]), vec4f(w[weight + 3u * K4]));
        sum += ws * xs;
        weight += 4u * K4;
      }
    }
  }
  store(row, column, sum[0]);
  store(row + 1u, column, sum[1]);
  store(row + 2u, column, sum[2]);
  store(row + 3u, column, sum[3]);
}

// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, workgroup-tile family (GPUs)
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   C and K multiples of 4
// lib: activate, convStore, convWindow
// 8x8 invocations make 64 output positions x 64 output channels; each holds 8x8 sums in four mat4x4f, so that a fused
// multiply-add reads one byte of workgroup memory. The GEMM's depth KH * KW * C goes by in tiles of 16.

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

const M = N * OH * OW;
const C4 = C / 4u;
const K4 = K / 4u;
const DEPTH4 = KH * KW * C4; // depth of the GEMM in vec4
const STEPS = (DEPTH4 + 3u) / 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;
@group(0) @binding(3) var<storage, read> shift: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

var<workgroup> tileX: array<vec4f, 256>; // [4 depth quads][64 positions], a vec4 runs along the depth
var<workgroup> tileW: array<vec4f, 256>; // [16 depths][16 channel quads], a vec4 runs along the channels

fn load(corner: vec3i, depth: u32) -> vec4f {
  let tap = depth / C4;
  let h = corner.x + i32((tap / KW) * DILATION_H);
  let w = corner.y + i32((tap % KW) * DILATION_W);
  let inside = h >= 0 && h < i32(H) && w >= 0 && w < i32(W) && depth < DEPTH4;
  let index = ((corner.z * i32(H) + h) * i32(W) + w) * i32(C4) + i32(depth % C4);
  return select(vec4f(), x[u32(select(0, index, inside))], inside);
}

fn storeQuad(row: u32, column: u32, sum: mat4x4f) {
  store(row, column, sum[0]);
  store(row + 1u, column, sum[1]);
  store(row + 2u, column, sum[2]);
  store(row + 3u, column, sum[3]);
}

fn readX(quad: u32, position: u32) -> mat4x4f {
  let i = quad * 64u + position;
  return mat4x4f(tileX[i], tileX[i + 1u], tileX[i + 2u], tileX[i + 3u]);
}

fn readW(quad: u32, column: u32) -> mat4x4f {
  let i = quad * 64u + column;
  return mat4x4f(tileW[i], tileW[i + 16u], tileW[i + 32u], tileW[i + 48u]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstRow = group.x * 64u;
  let firstColumn = group.y * 16u;
  let loadCorner = corner(firstRow + local); // this invocation loads one position of tileX ...
  let loadColumn = min(firstColumn + local % 16u, K4 - 1u); // ... and one column quad of tileW
  let loadDepth = local / 16u;
  let x0 = (local / 8u) * 4u; // and computes positions x0.. and x0 + 32.., column quads w0 and w0 + 8
  let w0 = local % 8u;
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var step = 0u; step < STEPS; step++) {
    for (var i = 0u; i < 4u; i++) {
      tileX[i * 64u + local] = load(loadCorner, step * 4u + i);
      let depth = step * 16u + i * 4u + loadDepth;
      tileW[i * 64u + local] = w[min(depth, DEPTH4 * 4u - 1u) * K4 + loadColumn]; // past the depth tileX is zero
    }
    workgroupBarrier();
    for (var quad = 0u; quad < 4u; quad++) {
      let xs0 = readX(quad, x0);
      let xs1 = readX(quad, x0 + 32u);
      let ws0 = readW(quad, w0);
      let ws1 = readW(quad, w0 + 8u);
      sum00 += ws0 * xs0;
      sum01 += ws1 * xs0;
      sum10 += ws0 * xs1;
      sum11 += ws1 * xs1;
    }
    workgroupBarrier();
  }
  storeQuad(firstRow + x0, firstColumn + w0, sum00);
  storeQuad(firstRow + x0, firstColumn + w0 + 8u, sum01);
  storeQuad(firstRow + x0 + 32u, firstColumn + w0, sum10);
  storeQuad(firstRow + x0 + 32u, firstColumn + w0 + 8u, sum11);
}

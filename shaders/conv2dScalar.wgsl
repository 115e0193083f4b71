// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution for channel counts that are no multiples of 4
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   any C and K
// lib: activate, convWindow, linearId
// The register tile of conv2d.wgsl with scalar loads: 4 output positions x 4 output channels an invocation. Serves the
// stem (3 channels) and heads with odd class counts, on every adapter.

const N = 1u;
const H = 1u;
const W = 1u;
const C = 3u;
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
const K4 = (K + 3u) / 4u;
const PADDED = PAD_H + PAD_W > 0u;
const RAGGED = K % 4u > 0u;

alias XElement = f32;
alias WElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> x: array<XElement>;
@group(0) @binding(1) var<storage, read> w: array<WElement>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<ResidualElement>;
@group(0) @binding(5) var<storage, read_write> y: array<YElement>;

fn load(start: i32, c: u32) -> f32 {
  if (!PADDED) { return f32(x[u32(start) + c]); }
  return select(0.0, f32(x[u32(max(start, 0)) + c]), start >= 0);
}

// Four weights of one row of w; columns past the end repeat the last one and are never stored.
fn weights(row: u32, column: u32) -> vec4f {
  let start = row * K + column;
  if (!RAGGED) { return vec4f(vec4<WElement>(w[start], w[start + 1u], w[start + 2u], w[start + 3u])); }
  let last = row * K + K - 1u;
  return vec4f(vec4<WElement>(
    w[start],
    w[min(start + 1u, last)],
    w[min(start + 2u, last)],
    w[min(start + 3u, last)],
  ));
}

fn storeOne(row: u32, column: u32, sum: f32) {
  if (column >= K) { return; }
  let index = row * K + column;
  var v = sum * scale[column] + shift[column];
  if (RESIDUAL) { v += f32(residual[index]); }
  y[index] = YElement(activate(vec4f(v), ACTIVATION).x);
}

fn store(row: u32, column: u32, sum: vec4f) {
  if (row >= M) { return; }
  storeOne(row, column, sum.x);
  storeOne(row, column + 1u, sum.y);
  storeOne(row, column + 2u, sum.z);
  storeOne(row, column + 3u, sum.w);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let column = (id % K4) * 4u;
  let row = (id / K4) * 4u;
  if (row >= M) { return; }
  let corner0 = corner(row);
  let corner1 = corner(row + 1u);
  let corner2 = corner(row + 2u);
  let corner3 = corner(row + 3u);
  var sum = mat4x4f(); // column i: output position row + i
  for (var kh = 0u; kh < KH; kh++) {
    let start0 = rowStart(corner0, kh);
    let start1 = rowStart(corner1, kh);
    let start2 = rowStart(corner2, kh);
    let start3 = rowStart(corner3, kh);
    for (var kw = 0u; kw < KW; kw++) {
      let tap0 = pixel(corner0, start0, kw) * i32(C);
      let tap1 = pixel(corner1, start1, kw) * i32(C);
      let tap2 = pixel(corner2, start2, kw) * i32(C);
      let tap3 = pixel(corner3, start3, kw) * i32(C);
      for (var c = 0u; c < C; c++) {
        let ws = weights((kh * KW + kw) * C + c, column);
        let xs = vec4f(load(tap0, c), load(tap1, c), load(tap2, c), load(tap3, c));
        sum += mat4x4f(ws * xs.x, ws * xs.y, ws * xs.z, ws * xs.w);
      }
    }
  }
  store(row, column, sum[0]);
  store(row + 1u, column, sum[1]);
  store(row + 2u, column, sum[2]);
  store(row + 3u, column, sum[3]);
}

// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, register tiles shared by quads
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   C and K multiples of 4
// lib: activate, convStore, convWindow, linearId
// Four invocations (a quad) make 16 output positions x 8 output channels: each has 4 positions, and each loads a quarter of
// the weights and hands it to the others. On a software adapter a load costs as much as many multiply-adds, so half the
// loads win. No barrier, no workgroup memory. The rows of the GEMM are all positions of the batch: M = N * OH * OW.

enable subgroups;

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
const COLUMN_PAIRS = (K4 + 1u) / 2u;
const PADDED = PAD_H + PAD_W > 0u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;
@group(0) @binding(3) var<storage, read> shift: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

fn load(start: i32, c: u32) -> vec4f {
  if (!PADDED) { return x[u32(start) + c]; }
  return select(vec4f(), x[u32(max(start, 0)) + c], start >= 0);
}

// Column quad `column` of 4 rows of w, of which this invocation loads row `lane`: column i of the result is row i.
fn shareWeights(row: u32, lane: u32, column: u32) -> mat4x4f {
  let mine = w[(row + lane) * K4 + min(column, K4 - 1u)];
  return mat4x4f(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let lane = id % 4u;
  let column = ((id / 4u) % COLUMN_PAIRS) * 2u;
  let row = ((id / 4u) / COLUMN_PAIRS) * 16u + lane * 4u;
  // NOTE: nobody returns early: a quad's broadcasts need all four.
  let corner0 = corner(row);
  let corner1 = corner(row + 1u);
  let corner2 = corner(row + 2u);
  let corner3 = corner(row + 3u);
  var sum0 = mat4x4f(); // column i: output position row + i
  var sum1 = mat4x4f();
  var depth = 0u;
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
        sum0 += shareWeights(depth, lane, column) * xs;
        sum1 += shareWeights(depth, lane, column + 1u) * xs;
        depth += 4u;
      }
    }
  }
  store(row, column, sum0[0]);
  store(row + 1u, column, sum0[1]);
  store(row + 2u, column, sum0[2]);
  store(row + 3u, column, sum0[3]);
  store(row, column + 1u, sum1[0]);
  store(row + 1u, column + 1u, sum1[1]);
  store(row + 2u, column + 1u, sum1[2]);
  store(row + 3u, column + 1u, sum1[3]);
}

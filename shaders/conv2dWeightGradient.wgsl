// dw[kh, kw, c, k] = sum over positions m of x[window of m at (kh, kw), c] dy[m, k]   gradient of a convolution's weights
// x: (N, H, W, C)   dy: (N, OH, OW, K)   dw: (SLICES, KH, KW, FILTER_C, K)   C and K multiples of 4, FILTER_C <= C
// lib: linearId, weightGradient
// For software adapters without subgroups: one invocation makes 8 channels c x 8 channels k of one tap and shares nothing.
// The positions are cut into SLICES that addSlices adds up.

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
  FILTER_C: u32,
  SLICES: u32,
}

alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;

fn storeQuad(tile: GradientTile, channel: u32, column: u32, sum: vec4f) {
  let K4 = params.K / 4u;
  let at = filterRow(tile, channel);
  if (at >= 0 && column < K4) { dw[u32(at) * K4 + column] = sum; }
}

fn storeBlock(tile: GradientTile, row: u32, column: u32, sum: mat4x4f) {
  storeQuad(tile, row * 4u, column, sum[0]);
  storeQuad(tile, row * 4u + 1u, column, sum[1]);
  storeQuad(tile, row * 4u + 2u, column, sum[2]);
  storeQuad(tile, row * 4u + 3u, column, sum[3]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let K4 = params.K / 4u;
  let tile = tileOf(linearId(group, local, groups, WORKGROUP), 2u, 2u);
  let lastRow = params.C / 4u - 1u; // channels and columns past the end repeat the last quad
  let c1 = min(tile.row + 1u, lastRow) - tile.row;
  let k1 = min(tile.column + 1u, K4 - 1u) - tile.column;
  var sum00 = mat4x4f(); // [channel quad c][column quad], column i: channel i of the quad c
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var m = tile.first; m < tile.end; m++) {
    let place = placeOf(tile, m);
    if (place.y == 1u) {
      let xs0 = vec4f(x[place.x + tile.row]);
      let xs1 = vec4f(x[place.x + tile.row + c1]);
      let ds0 = dy[m * K4 + tile.column];
      let ds1 = dy[m * K4 + tile.column + k1];
      sum00 += mat4x4f(ds0 * xs0.x, ds0 * xs0.y, ds0 * xs0.z, ds0 * xs0.w);
      sum01 += mat4x4f(ds1 * xs0.x, ds1 * xs0.y, ds1 * xs0.z, ds1 * xs0.w);
      sum10 += mat4x4f(ds0 * xs1.x, ds0 * xs1.y, ds0 * xs1.z, ds0 * xs1.w);
      sum11 += mat4x4f(ds1 * xs1.x, ds1 * xs1.y, ds1 * xs1.z, ds1 * xs1.w);
    }
  }
  storeBlock(tile, tile.row, tile.column, sum00);
  storeBlock(tile, tile.row, tile.column + 1u, sum01);
  storeBlock(tile, tile.row + 1u, tile.column, sum10);
  storeBlock(tile, tile.row + 1u, tile.column + 1u, sum11);
}

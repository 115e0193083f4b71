// dw[kh, kw, c, k] = sum over positions m of x[window of m at (kh, kw), c] dy[m, k]   workgroup-tile family (GPUs)
// x: (N, H, W, C)   dy: (N, OH, OW, K)   dw: (SLICES, KH, KW, FILTER_C, K)   C and K multiples of 4, FILTER_C <= C
// lib: linearId, weightGradient
// 8 x 8 invocations make 64 channels c x 64 channels k of one tap and one slice of the positions, each 8 x 8 in four
// mat4x4f; 16 positions go by at a time, of which each invocation loads a 4 x 4 block of x, turned round, and one of dy.

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
const FILTER_C = 4u;
const SLICES = 1u;

struct Sizes {
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
// What the library reads; constants here, so that nothing is divided by a variable.
const params = Sizes(
  N, H, W, C, K, OH, OW, KH, KW, STRIDE_H, STRIDE_W, PAD_H, PAD_W, DILATION_H, DILATION_W, FILTER_C, SLICES,
);

const K4 = K / 4u;
const C4 = C / 4u;
const POSITIONS = (N * OH * OW + 4u * SLICES - 1u) / (4u * SLICES) * 4u; // of a slice
const STEPS = (POSITIONS + 15u) / 16u;

alias XElement = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;

var<workgroup> tileX: array<vec4f, 256>; // [4 position quads][64 channels c], a vec4 runs along the positions
var<workgroup> tileY: array<vec4f, 256>; // [16 positions][16 channel quads k], a vec4 runs along the channels
var<private> nextX: mat4x4f;
var<private> nextY: mat4x4f;

fn loadX(tile: GradientTile, m: u32, quad: u32) -> vec4f {
  let place = placeOf(tile, m);
  return select(vec4f(), vec4f(x[place.x + quad]), place.y == 1u);
}

// Puts 4 positions from m on their way into registers: a channel quad of x and one of dy.
fn load(tile: GradientTile, m: u32, row: u32, column: u32) {
  let quad = min(row, C4 - 1u); // channels past the end repeat the last quad
  nextX = mat4x4f(loadX(tile, m, quad), loadX(tile, m + 1u, quad), loadX(tile, m + 2u, quad), loadX(tile, m + 3u, quad));
  let last = tile.end - 1u; // positions past the end count as 0 in x
  let at = min(column, K4 - 1u);
  nextY = mat4x4f(
    dy[min(m, last) * K4 + at],
    dy[min(m + 1u, last) * K4 + at],
    dy[min(m + 2u, last) * K4 + at],
    dy[min(m + 3u, last) * K4 + at],
  );
}

fn keep(quad: u32, place: u32) {
  let xs = transpose(nextX);
  for (var i = 0u; i < 4u; i++) {
    tileX[quad * 64u + place * 4u + i] = xs[i];
    tileY[quad * 64u + i * 16u + place] = nextY[i];
  }
}

fn storeBlock(tile: GradientTile, row: u32, column: u32, sum: mat4x4f) {
  for (var i = 0u; i < 4u; i++) {
    let at = filterRow(tile, row * 4u + i);
    if (at >= 0 && column < K4) { dw[u32(at) * K4 + column] = sum[i]; }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = tileOf(linearId(group, 0u, groups, 1u), 16u, 16u); // a spare workgroup's slice is empty
  let quad = local / 16u; // this invocation loads the blocks of this position quad ...
  let place = local % 16u; // ... at this channel quad of x and of dy
  let a0 = (local / 8u) * 4u; // and computes channels c a0 .. and a0 + 32 .., channel quads k b0 and b0 + 8
  let b0 = local % 8u;
  load(tile, tile.first + quad * 4u, tile.row + place, tile.column + place);
  keep(quad, place);
  workgroupBarrier();
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var step = 0u; step < STEPS; step++) {
    // NOTE: the next blocks are asked for before this step's multiply-adds and awaited after them.
    load(tile, tile.first + (step * 4u + 4u + quad) * 4u, tile.row + place, tile.column + place);
    for (var q = 0u; q < 4u; q++) {
      let atX = q * 64u + a0;
      let atY = q * 64u + b0;
      let xs0 = mat4x4f(tileX[atX], tileX[atX + 1u], tileX[atX + 2u], tileX[atX + 3u]);
      let xs1 = mat4x4f(tileX[atX + 32u], tileX[atX + 33u], tileX[atX + 34u], tileX[atX + 35u]);
      let ds0 = mat4x4f(tileY[atY], tileY[atY + 16u], tileY[atY + 32u], tileY[atY + 48u]);
      let ds1 = mat4x4f(tileY[atY + 8u], tileY[atY + 24u], tileY[atY + 40u], tileY[atY + 56u]);
      sum00 += ds0 * xs0;
      sum01 += ds1 * xs0;
      sum10 += ds0 * xs1;
      sum11 += ds1 * xs1;
    }
    workgroupBarrier();
    keep(quad, place);
    workgroupBarrier();
  }
  let row = tile.row + a0 / 4u;
  storeBlock(tile, row, tile.column + b0, sum00);
  storeBlock(tile, row, tile.column + b0 + 8u, sum01);
  storeBlock(tile, row + 8u, tile.column + b0, sum10);
  storeBlock(tile, row + 8u, tile.column + b0 + 8u, sum11);
}

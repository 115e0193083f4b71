// dw[kh, kw, c, k] = sum over positions m of x[window of m at (kh, kw), c] dy[m, k]   gradient of a convolution's weights
// x: (N, H, W, C)   dy: (N, OH, OW, K)   dw: (SLICES, KH, KW, FILTER_C, K)   C and K multiples of 4, FILTER_C <= C
// lib: linearId, quadSwaps, weightGradient
// The positions are cut into SLICES that addSlices adds up. Four invocations (a quad) make 32 channels c x 16 channels k of
// one tap: each has 8 channels c, and each loads a quarter of dy and hands it to the others, as conv2dQuad does.

enable subgroups;

const WORKGROUP = 64u;

// No size is a constant: one pipeline serves all layers.
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

// A channel quad at 4 positions, of which this invocation loads one: column i of the result is the position of lane ^ i.
fn shareGradient(index: u32, counts: bool) -> mat4x4f {
  return others(select(vec4f(), dy[index], counts));
}

// Column i: channel i of the quad `c` at 4 places of x.
fn loadChannels(places: vec4u, c: u32) -> mat4x4f {
  return transpose(
    mat4x4f(vec4f(x[places.x + c]), vec4f(x[places.y + c]), vec4f(x[places.z + c]), vec4f(x[places.w + c])),
  );
}

fn storeChannels(tile: GradientTile, channel: u32, sum0: mat4x4f, sum1: mat4x4f, sum2: mat4x4f, sum3: mat4x4f) {
  storeChannel(tile, channel, sum0[0], sum1[0], sum2[0], sum3[0]);
  storeChannel(tile, channel + 1u, sum0[1], sum1[1], sum2[1], sum3[1]);
  storeChannel(tile, channel + 2u, sum0[2], sum1[2], sum2[2], sum3[2]);
  storeChannel(tile, channel + 3u, sum0[3], sum1[3], sum2[3], sum3[3]);
}

fn storeChannel(tile: GradientTile, channel: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  let K4 = params.K / 4u;
  let at = filterRow(tile, channel);
  if (at < 0) { return; }
  let start = u32(at) * K4 + tile.column;
  dw[start] = a;
  if (tile.column + 1u < K4) { dw[start + 1u] = b; }
  if (tile.column + 2u < K4) { dw[start + 2u] = c; }
  if (tile.column + 3u < K4) { dw[start + 3u] = d; }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let K4 = params.K / 4u;
  let id = linearId(group, local, groups, WORKGROUP);
  let lane = id % 4u;
  let tile = tileOf(id / 4u, 8u, 4u);
  let row = tile.row + lane * 2u;
  let column = tile.column;
  let lastRow = params.C / 4u - 1u; // channels and columns past the end repeat the last quad
  let c0 = min(row, lastRow);
  let c1 = min(row + 1u, lastRow);
  let to1 = min(column + 1u, K4 - 1u) - column;
  let to2 = min(column + 2u, K4 - 1u) - column;
  let to3 = min(column + 3u, K4 - 1u) - column;
  var sum00 = mat4x4f(); // [channel quad c][column quad], column i: channel i of the quad c
  var sum01 = mat4x4f();
  var sum02 = mat4x4f();
  var sum03 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  var sum12 = mat4x4f();
  var sum13 = mat4x4f();
  let turns = slicePositions() / 4u;
  // NOTE: all take the same turns: a quad's swaps need all four.
  for (var turn = 0u; turn < turns; turn++) {
    let m = tile.first + turn * 4u + lane;
    let mine = placeOf(tile, m);
    let counts = mine.y == 1u;
    let place = mine.x;
    let places = vec4u(place, quadSwapX(place), quadSwapY(place), quadSwapDiagonal(place));
    let xs0 = loadChannels(places, c0);
    let xs1 = loadChannels(places, c1);
    let at = select(0u, m * K4, counts) + column;
    let ds0 = shareGradient(at, counts);
    sum00 += ds0 * xs0;
    sum10 += ds0 * xs1;
    let ds1 = shareGradient(at + to1, counts);
    sum01 += ds1 * xs0;
    sum11 += ds1 * xs1;
    let ds2 = shareGradient(at + to2, counts);
    sum02 += ds2 * xs0;
    sum12 += ds2 * xs1;
    let ds3 = shareGradient(at + to3, counts);
    sum03 += ds3 * xs0;
    sum13 += ds3 * xs1;
  }
  storeChannels(tile, row * 4u, sum00, sum01, sum02, sum03);
  storeChannels(tile, row * 4u + 4u, sum10, sum11, sum12, sum13);
}

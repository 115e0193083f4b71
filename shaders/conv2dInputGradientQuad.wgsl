// dx[h, w, c] = sum of dy[oh, ow, k] w[kh, kw, c, k] where oh STRIDE_H + kh DILATION_H - PAD_H = h, likewise w; + residual
// dy: (N, OH, OW, K)   w: (KH, KW, C, K)   residual, dx: (N, H, W, C)   C and K multiples of 4
// lib: linearId, quadSwaps
// The gradient of a convolution's input as implicit GEMM, shared as in conv2dQuad: a quad makes 32 positions x 16 channels c
// (LOW: 16 x 32). Positions of one remainder by the strides read the same taps: group.z says which.

enable subgroups;

// Pointwise with stride 1 and no padding: position m reads pixel m.
const PLAIN = false;
const LOW = false;
const WORKGROUP = 64u;

const POSITIONS = select(8u, 4u, LOW); // of an invocation
const COLUMNS = select(4u, 8u, LOW); // channel quads of a tile

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
  RESIDUAL: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

// Four positions of x, a component each: image, row and column in steps of the strides.
struct Positions { image: vec4u, h: vec4u, w: vec4u }

// Steps of the strides in x, of which the last may lie beside it.
fn steps() -> vec2u {
  return vec2u(
    (params.H + params.STRIDE_H - 1u) / params.STRIDE_H,
    (params.W + params.STRIDE_W - 1u) / params.STRIDE_W,
  );
}

fn positions(row: u32) -> Positions {
  let m = vec4u(row, row + 1u, row + 2u, row + 3u);
  if (PLAIN) { return Positions(vec4u(), vec4u(), min(m, vec4u(params.N * params.H * params.W - 1u))); }
  let size = steps();
  return Positions(m / (size.x * size.y), (m / size.y) % size.x, m % size.y);
}

// Pixel numbers in dy, or -1 beside it.
fn pixels(at: Positions, dh: i32, dw: i32) -> vec4i {
  if (PLAIN) { return vec4i(at.w); }
  let oh = vec4i(at.h) + dh;
  let ow = vec4i(at.w) + dw;
  let inside = (vec4u(oh) < vec4u(params.OH)) & (vec4u(ow) < vec4u(params.OW)) & (at.image < vec4u(params.N));
  return select(vec4i(-1), (vec4i(at.image) * i32(params.OH) + oh) * i32(params.OW) + ow, inside);
}

fn load(start: i32, k: u32) -> vec4f {
  if (PLAIN) { return dy[u32(start) + k]; }
  return select(vec4f(), dy[u32(max(start, 0)) + k], start >= 0);
}

// Column i: what position i of the four reads.
fn loadPositions(starts: vec4i, k: u32) -> mat4x4f {
  return mat4x4f(load(starts.x, k), load(starts.y, k), load(starts.z, k), load(starts.w, k));
}

// 4 channels c of 4 channels k, of which this invocation loads one c: column i of the result is channel k i, row j channel
// c lane ^ j.
fn shareWeights(index: u32) -> mat4x4f {
  return transpose(others(w[index]));
}

// What the second half of the sums takes: other positions and the same weights, or with LOW the other way round.
fn nextWeights(weights: mat4x4f, index: u32) -> mat4x4f {
  if (!LOW) { return weights; }
  return shareWeights(index);
}

fn store(pixel: u32, column: u32, mixed: vec4f, lane: u32) {
  let C4 = params.C / 4u;
  if (column >= C4) { return; }
  let sum = inOrder(mixed, lane);
  let index = pixel * C4 + column;
  if (params.RESIDUAL == 1u) {
    dx[index] = sum + residual[index];
  } else {
    dx[index] = sum;
  }
}

// `first`: row and column of x that step 0 is.
fn storePosition(at: vec3u, first: vec2u, column: u32, lane: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  var pixel = at.z;
  if (!PLAIN) {
    let h = at.y * params.STRIDE_H + first.x;
    let x = at.z * params.STRIDE_W + first.y;
    if (at.x >= params.N || h >= params.H || x >= params.W) { return; }
    pixel = (at.x * params.H + h) * params.W + x;
  }
  store(pixel, column, a, lane);
  store(pixel, column + 1u, b, lane);
  store(pixel, column + 2u, c, lane);
  store(pixel, column + 3u, d, lane);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let K4 = params.K / 4u;
  let columnTiles = (C4 + COLUMNS - 1u) / COLUMNS;
  let id = linearId(group, local, groups, WORKGROUP);
  let lane = id % 4u;
  let column = ((id / 4u) % columnTiles) * COLUMNS;
  let row = ((id / 4u) / columnTiles * 4u + lane) * POSITIONS;
  let first = vec2u(group.z / params.STRIDE_W, group.z % params.STRIDE_W);
  let at0 = positions(row);
  let at1 = positions(row + 4u);
  var sum00 = mat4x4f(); // column i: position row + i
  var sum01 = mat4x4f();
  var sum02 = mat4x4f();
  var sum03 = mat4x4f();
  var sum10 = mat4x4f(); // column i: position row + 4 + i; with LOW the four channel quads behind these
  var sum11 = mat4x4f();
  var sum12 = mat4x4f();
  var sum13 = mat4x4f();
  let last = C4 - 1u; // columns past the end repeat it
  let to1 = (min(column + 1u, last) - column) * 4u * K4;
  let to2 = (min(column + 2u, last) - column) * 4u * K4;
  let to3 = (min(column + 3u, last) - column) * 4u * K4;
  let to4 = (min(column + 4u, last) - column) * 4u * K4;
  let to5 = (min(column + 5u, last) - column) * 4u * K4;
  let to6 = (min(column + 6u, last) - column) * 4u * K4;
  let to7 = (min(column + 7u, last) - column) * 4u * K4;
  // NOTE: nobody returns early: a quad's swaps need all four.
  for (var kh = 0u; kh < params.KH; kh++) {
    let h = i32(first.x + params.PAD_H) - i32(kh * params.DILATION_H);
    if (h % i32(params.STRIDE_H) != 0) { continue; }
    for (var kw = 0u; kw < params.KW; kw++) {
      let v = i32(first.y + params.PAD_W) - i32(kw * params.DILATION_W);
      if (v % i32(params.STRIDE_W) != 0) { continue; }
      let starts0 = pixels(at0, h / i32(params.STRIDE_H), v / i32(params.STRIDE_W)) * i32(K4);
      let starts1 = pixels(at1, h / i32(params.STRIDE_H), v / i32(params.STRIDE_W)) * i32(K4);
      let weight = ((kh * params.KW + kw) * params.C + column * 4u + lane) * K4;
      for (var k = 0u; k < K4; k++) {
        let ds0 = loadPositions(starts0, k);
        var ds1 = ds0;
        if (!LOW) { ds1 = loadPositions(starts1, k); }
        let ws0 = shareWeights(weight + k);
        sum00 += ws0 * ds0;
        sum10 += nextWeights(ws0, weight + to4 + k) * ds1;
        let ws1 = shareWeights(weight + to1 + k);
        sum01 += ws1 * ds0;
        sum11 += nextWeights(ws1, weight + to5 + k) * ds1;
        let ws2 = shareWeights(weight + to2 + k);
        sum02 += ws2 * ds0;
        sum12 += nextWeights(ws2, weight + to6 + k) * ds1;
        let ws3 = shareWeights(weight + to3 + k);
        sum03 += ws3 * ds0;
        sum13 += nextWeights(ws3, weight + to7 + k) * ds1;
      }
    }
  }
  if (PLAIN && row >= params.N * params.H * params.W) { return; }
  storePosition(vec3u(at0.image.x, at0.h.x, at0.w.x), first, column, lane, sum00[0], sum01[0], sum02[0], sum03[0]);
  storePosition(vec3u(at0.image.y, at0.h.y, at0.w.y), first, column, lane, sum00[1], sum01[1], sum02[1], sum03[1]);
  storePosition(vec3u(at0.image.z, at0.h.z, at0.w.z), first, column, lane, sum00[2], sum01[2], sum02[2], sum03[2]);
  storePosition(vec3u(at0.image.w, at0.h.w, at0.w.w), first, column, lane, sum00[3], sum01[3], sum02[3], sum03[3]);
  var next = at1;
  if (LOW) { next = at0; }
  let behind = column + select(0u, 4u, LOW);
  storePosition(vec3u(next.image.x, next.h.x, next.w.x), first, behind, lane, sum10[0], sum11[0], sum12[0], sum13[0]);
  storePosition(vec3u(next.image.y, next.h.y, next.w.y), first, behind, lane, sum10[1], sum11[1], sum12[1], sum13[1]);
  storePosition(vec3u(next.image.z, next.h.z, next.w.z), first, behind, lane, sum10[2], sum11[2], sum12[2], sum13[2]);
  storePosition(vec3u(next.image.w, next.h.w, next.w.w), first, behind, lane, sum10[3], sum11[3], sum12[3], sum13[3]);
}

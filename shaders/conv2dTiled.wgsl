// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, workgroup-tile family (GPUs)
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   C and K multiples of 4
// With SLICES > 1 the depth is cut and y holds the bare partial sums, (SLICES, N, OH, OW, K), for sumSlices to add up.
// lib: activate, convTile, convWindow
// ROW_LANES x COLUMN_LANES invocations share a tile of x and one of w; each holds ROWS output positions x QUADS channel
// quads in registers. A step goes over DEPTH quads of one tap's channels; the next step's tiles are on their way meanwhile.

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
const ROWS = 8u; // at most 16
const QUADS = 2u;
const ROW_LANES = 8u;
const COLUMN_LANES = 8u;
const DEPTH = 2u;
const SLICES = 1u;

const M = N * OH * OW;
const C4 = C / 4u;
const K4 = K / 4u;
const WORKGROUP = ROW_LANES * COLUMN_LANES;
const TILE_ROWS = ROWS * ROW_LANES;
const TILE_COLUMNS = QUADS * COLUMN_LANES;
const LOADS_X = (TILE_ROWS * DEPTH + WORKGROUP - 1u) / WORKGROUP;
const LOADS_W = (TILE_COLUMNS * DEPTH * 4u + WORKGROUP - 1u) / WORKGROUP;
const VECS_X = LOADS_X * WORKGROUP; // a tile's, with some to spare
const VECS_W = LOADS_W * WORKGROUP;
const STEPS_OF_TAP = (C4 + DEPTH - 1u) / DEPTH;
const ALL_STEPS = KH * KW * STEPS_OF_TAP;
const STEPS = (ALL_STEPS + SLICES - 1u) / SLICES;
const PADDED = PAD_H + PAD_W > 0u;
const WIDE = KH > 16u || KW > 16u; // window too large for a mask of 16 + 16 bits
const RAGGED = C4 % DEPTH != 0u || ALL_STEPS % SLICES != 0u; // some step reaches past the depth

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

var<workgroup> tileX: array<vec4f, VECS_X>; // [position][depth quad], a vec4 runs along the depth
var<workgroup> tileW: array<vec4f, VECS_W>; // [depth][channel quad], a vec4 runs along the channels
var<private> starts: array<i32, LOADS_X>; // where in x the windows are that this invocation loads from ...
var<private> inX: array<u32, LOADS_X>; // ... which of their rows (high half) and columns (low half) are in x ...
var<private> corners: array<vec2i, LOADS_X>; // ... or, where WIDE, their top-left corners
var<private> nextX: array<vec4f, LOADS_X>;
var<private> nextIn: array<bool, LOADS_X>; // what is not in x counts as 0; asking later does not wait for nextX
var<private> nextW: array<vec4f, LOADS_W>;
var<private> sums: array<vec4f, ROWS * QUADS>;
var<private> scales: array<vec4f, QUADS>;
var<private> shifts: array<vec4f, QUADS>;

// Bit i is set where tap i of a window that starts at `first` lies in [0, size).
fn taps(first: i32, count: u32, dilation: u32, size: u32) -> u32 {
  var bits = 0u;
  for (var i = 0u; i < count; i++) { bits |= select(0u, 1u << i, u32(first + i32(i * dilation)) < size); }
  return bits;
}

// Puts the tiles of a step on their way into registers.
fn load(step: u32, local: u32, firstColumn: u32) {
  let tap = step / STEPS_OF_TAP;
  let quad = (step % STEPS_OF_TAP) * DEPTH;
  let dh = (tap / KW) * DILATION_H;
  let dw = (tap % KW) * DILATION_W;
  let offset = i32((dh * W + dw) * C4 + quad);
  var need = 0u;
  if (!WIDE) { need = (0x10000u << (tap / KW)) | (1u << (tap % KW)); }
  let within = !RAGGED || (step < ALL_STEPS && quad + local % DEPTH < C4);
  for (var i = 0u; i < LOADS_X; i++) {
    var inside = within;
    if (PADDED && !WIDE) { inside = inside && (inX[i] & need) == need; }
    if (WIDE) { inside = inside && u32(corners[i].x + i32(dh)) < H && u32(corners[i].y + i32(dw)) < W; }
    nextX[i] = vec4f(x[select(0, starts[i] + offset, inside)]);
    nextIn[i] = inside;
  }
  for (var i = 0u; i < LOADS_W; i++) {
    let at = i * WORKGROUP + local;
    var depth = (tap * C4 + quad) * 4u + at / TILE_COLUMNS;
    if (RAGGED) { depth = min(depth, KH * KW * C - 1u); }
    var column = firstColumn + at % TILE_COLUMNS;
    if (K4 % TILE_COLUMNS != 0u) { column = min(column, K4 - 1u); }
    nextW[i] = vec4f(w[depth * K4 + column]);
  }
}

// Four rows of this invocation's sums; `at`: its first row and channel quad, slice.
fn storeRows(first: u32, at: vec3u) {
  for (var i = first; i < min(first + 4u, ROWS); i++) {
    for (var j = 0u; j < QUADS; j++) {
      let row = at.x + i * ROW_LANES;
      let column = at.y + j * COLUMN_LANES;
      if (SLICES == 1u) {
        storeScaled(row, column, sums[i * QUADS + j], scales[j], shifts[j]);
      } else if (row < M && column < K4) {
        y[(at.z * M + row) * K4 + column] = vec4<YElement>(sums[i * QUADS + j]);
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstRow = group.x * TILE_ROWS;
  let firstColumn = group.y * TILE_COLUMNS;
  let firstStep = group.z * STEPS;
  for (var i = 0u; i < LOADS_X; i++) {
    let at = corner(firstRow + (i * WORKGROUP + local) / DEPTH);
    if (WIDE) { corners[i] = at.xy; }
    if (PADDED && !WIDE) { inX[i] = taps(at.x, KH, DILATION_H, H) * 0x10000u + taps(at.y, KW, DILATION_W, W); }
    starts[i] = ((at.z * i32(H) + at.x) * i32(W) + at.y) * i32(C4) + i32(local % DEPTH);
  }
  let row = local / COLUMN_LANES;
  let column = local % COLUMN_LANES;
  load(firstStep, local, firstColumn);
  for (var i = 0u; i < LOADS_X; i++) { tileX[i * WORKGROUP + local] = select(vec4f(), nextX[i], nextIn[i]); }
  for (var i = 0u; i < LOADS_W; i++) { tileW[i * WORKGROUP + local] = nextW[i]; }
  workgroupBarrier();
  for (var step = 0u; step < STEPS; step++) {
    if (step + 1u < STEPS) { load(firstStep + step + 1u, local, firstColumn); }
    for (var quad = 0u; quad < DEPTH; quad++) {
      var ws: array<mat4x4f, QUADS>;
      for (var j = 0u; j < QUADS; j++) {
        let at = quad * 4u * TILE_COLUMNS + j * COLUMN_LANES + column;
        ws[j] = mat4x4f(tileW[at], tileW[at + TILE_COLUMNS], tileW[at + 2u * TILE_COLUMNS], tileW[at + 3u * TILE_COLUMNS]);
      }
      for (var i = 0u; i < ROWS; i++) {
        let xs = tileX[(i * ROW_LANES + row) * DEPTH + quad];
        for (var j = 0u; j < QUADS; j++) { sums[i * QUADS + j] += ws[j] * xs; }
      }
    }
    workgroupBarrier();
    for (var i = 0u; i < LOADS_X; i++) { tileX[i * WORKGROUP + local] = select(vec4f(), nextX[i], nextIn[i]); }
    for (var i = 0u; i < LOADS_W; i++) { tileW[i * WORKGROUP + local] = nextW[i]; }
    workgroupBarrier();
  }
  for (var j = 0u; j < QUADS; j++) {
    let near = min(firstColumn + j * COLUMN_LANES + column, K4 - 1u);
    scales[j] = scale[near];
    shifts[j] = shift[near];
  }
  let at = vec3u(firstRow + row, firstColumn + column, group.z);
  // NOTE: drivers unroll short loops only, and sums[] lies in registers only where every loop over it is unrolled.
  storeRows(0u, at);
  if (ROWS > 4u) { storeRows(4u, at); }
  if (ROWS > 8u) { storeRows(8u, at); }
  if (ROWS > 12u) { storeRows(12u, at); }
}

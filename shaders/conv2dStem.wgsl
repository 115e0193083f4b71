// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution of few channels, workgroup-tile family (GPUs)
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   any C, K a multiple of 4
// lib: activate, convTile
// A workgroup makes ROWS x ROW_LANES positions of one output row x QUADS x COLUMN_LANES channel quads. A step is one row
// of the window: all that it needs of x is one run of W * C floats, from which the windows are read where they overlap.

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
const ROWS = 8u; // at most 16
const QUADS = 2u;
const ROW_LANES = 8u;
const COLUMN_LANES = 8u;

const M = N * OH * OW;
const K4 = K / 4u;
const WORKGROUP = ROW_LANES * COLUMN_LANES;
const TILE_ROWS = ROWS * ROW_LANES;
const TILE_COLUMNS = QUADS * COLUMN_LANES;
const RUN = ((TILE_ROWS - 1u) * STRIDE_W + (KW - 1u) * DILATION_W + 1u) * C;
const QUADS_W = KW * C * TILE_COLUMNS;
const LOADS_X = (RUN + WORKGROUP - 1u) / WORKGROUP;
const LOADS_W = (QUADS_W + WORKGROUP - 1u) / WORKGROUP;

alias XElement = f32;
alias WElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> x: array<XElement>;
@group(0) @binding(1) var<storage, read> w: array<vec4<WElement>>;
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;
@group(0) @binding(3) var<storage, read> shift: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<YElement>>;

var<workgroup> tileX: array<f32, LOADS_X * WORKGROUP>;
var<workgroup> tileW: array<vec4f, LOADS_W * WORKGROUP>; // [depth][channel quad]
var<private> nextX: array<f32, LOADS_X>;
var<private> nextIn: array<bool, LOADS_X>; // what is not in x counts as 0; asking later does not wait for nextX
var<private> nextW: array<vec4f, LOADS_W>;
var<private> sums: array<vec4f, ROWS * QUADS>;
var<private> scales: array<vec4f, QUADS>;
var<private> shifts: array<vec4f, QUADS>;

// Puts the tiles of window row kh on their way into registers. `corner`: of the first window in (h, first float), image.
fn load(kh: u32, local: u32, corner: vec3i, firstColumn: u32) {
  let h = corner.x + i32(kh * DILATION_H);
  let start = (corner.z * i32(H) + h) * i32(W * C);
  for (var i = 0u; i < LOADS_X; i++) {
    let at = corner.y + i32(i * WORKGROUP + local);
    let inside = u32(h) < H && u32(at) < W * C;
    nextX[i] = f32(x[select(0, start + at, inside)]);
    nextIn[i] = inside;
  }
  for (var i = 0u; i < LOADS_W; i++) {
    let at = min(i * WORKGROUP + local, QUADS_W - 1u);
    var column = firstColumn + at % TILE_COLUMNS;
    if (K4 % TILE_COLUMNS != 0u) { column = min(column, K4 - 1u); }
    nextW[i] = vec4f(w[(kh * KW * C + at / TILE_COLUMNS) * K4 + column]);
  }
}

// Four rows of this invocation's sums; `at`: its first position and channel quad, output row.
fn storeRows(first: u32, at: vec3u) {
  for (var i = first; i < min(first + 4u, ROWS); i++) {
    let position = at.x + i * ROW_LANES;
    if (position < OW) {
      for (var j = 0u; j < QUADS; j++) {
        storeScaled(at.z * OW + position, at.y + j * COLUMN_LANES, sums[i * QUADS + j], scales[j], shifts[j]);
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstPosition = group.x * TILE_ROWS;
  let firstColumn = group.y * TILE_COLUMNS;
  let corner = vec3i(
    i32((group.z % OH) * STRIDE_H) - i32(PAD_H),
    (i32(firstPosition * STRIDE_W) - i32(PAD_W)) * i32(C),
    i32(group.z / OH),
  );
  let row = local / COLUMN_LANES;
  let column = local % COLUMN_LANES;
  load(0u, local, corner, firstColumn);
  for (var i = 0u; i < LOADS_X; i++) { tileX[i * WORKGROUP + local] = select(0.0, nextX[i], nextIn[i]); }
  for (var i = 0u; i < LOADS_W; i++) { tileW[i * WORKGROUP + local] = nextW[i]; }
  workgroupBarrier();
  for (var kh = 0u; kh < KH; kh++) {
    if (kh + 1u < KH) { load(kh + 1u, local, corner, firstColumn); }
    for (var kw = 0u; kw < KW; kw++) {
      for (var c = 0u; c < C; c++) {
        var ws: array<vec4f, QUADS>;
        for (var j = 0u; j < QUADS; j++) { ws[j] = tileW[(kw * C + c) * TILE_COLUMNS + j * COLUMN_LANES + column]; }
        for (var i = 0u; i < ROWS; i++) {
          let xs = tileX[((i * ROW_LANES + row) * STRIDE_W + kw * DILATION_W) * C + c];
          for (var j = 0u; j < QUADS; j++) { sums[i * QUADS + j] += ws[j] * xs; }
        }
      }
    }
    workgroupBarrier();
    for (var i = 0u; i < LOADS_X; i++) { tileX[i * WORKGROUP + local] = select(0.0, nextX[i], nextIn[i]); }
    for (var i = 0u; i < LOADS_W; i++) { tileW[i * WORKGROUP + local] = nextW[i]; }
    workgroupBarrier();
  }
  for (var j = 0u; j < QUADS; j++) {
    let near = min(firstColumn + j * COLUMN_LANES + column, K4 - 1u);
    scales[j] = scale[near];
    shifts[j] = shift[near];
  }
  let at = vec3u(firstPosition + row, firstColumn + column, group.z);
  // NOTE: drivers unroll short loops only, and sums[] lies in registers only where every loop over it is unrolled.
  storeRows(0u, at);
  if (ROWS > 4u) { storeRows(4u, at); }
  if (ROWS > 8u) { storeRows(8u, at); }
  if (ROWS > 12u) { storeRows(12u, at); }
}

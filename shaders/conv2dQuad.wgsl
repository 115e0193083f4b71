// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, register tiles shared by quads
// x: (N, H, W, C)   w: (KH, KW, C/4, K, 4), as filtersLast packs it   scale, shift: (K)   residual, y: (N, OH, OW, K)
// lib: activate, linearId, quadSwaps
// C and K are multiples of 4. Four invocations (a quad) make 28 output positions x 32 output channels, or 16 x 32: each has
// 7 positions or 4, and each loads a quarter of the weights and hands it to the others. On a software adapter a load
// costs as much as ten multiply-adds, so few loads win; 28, since maps of 14 x 14, 28 x 28 and so on are whole tiles. No
// barrier, no workgroup memory. The rows of the GEMM are all positions of the batch: M = N * OH * OW.

enable subgroups;

const PADDED = false;
const ELU = false; // else ACTIVATION is 0 or 1: a software adapter computes what a branch leaves out
const POSITIONS = 7u; // of an invocation: 7 or 4
const WORKGROUP = 16u;

// Neither sizes nor the epilogue are constants: on a software adapter compiling costs more than what constants would save.
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
  ACTIVATION: u32,
}

alias XElement = f32;
alias WElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<WElement>>;
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;
@group(0) @binding(4) var<storage, read> shift: array<vec4f>;
@group(0) @binding(5) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<YElement>>;

// Where four output positions, rows row .. row + 3 of the GEMM, read x: their windows' top left corners, and the vec4 there.
struct Windows { h: vec4i, w: vec4i, first: vec4i }

// Rows past the end repeat the last one.
fn windows(row: u32) -> Windows {
  let m = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.N * params.OH * params.OW - 1u));
  let image = vec4i(m / (params.OH * params.OW));
  let position = m % (params.OH * params.OW);
  let h = vec4i((position / params.OW) * params.STRIDE_H) - i32(params.PAD_H);
  let w = vec4i((position % params.OW) * params.STRIDE_W) - i32(params.PAD_W);
  return Windows(h, w, ((image * i32(params.H) + h) * i32(params.W) + w) * i32(params.C / 4u));
}

fn load(from: i32, inside: bool) -> vec4f {
  return select(vec4f(), vec4f(x[from]), inside);
}

// Column i: what position i of the four reads so many rows, columns and vec4s from its corner; zeros beside x, of size (h, w).
fn loadPositions(at: Windows, reach: vec3i, size: vec2u) -> mat4x4f {
  var from = at.first + reach.z;
  var inside = vec4<bool>(true);
  if (PADDED) {
    inside = (vec4u(at.h + reach.x) < vec4u(size.x)) & (vec4u(at.w + reach.y) < vec4u(size.y));
    from = select(vec4i(), from, inside);
  }
  return mat4x4f(load(from.x, inside.x), load(from.y, inside.y), load(from.z, inside.z), load(from.w, inside.w));
}

// Row i: 4 depths of channel lane ^ i of a quad, of which this invocation loads its own.
fn weights(index: u32) -> mat4x4f {
  return transpose(others(vec4f(w[index])));
}

// [channel quad][half]: column i of a matrix is position 4 half + i. A loop reads it at the end: the driver takes a second to
// compile 56 stores.
var<private> sums: array<mat4x4f, 16>;

fn padded(three: mat3x4f) -> mat4x4f {
  return mat4x4f(three[0], three[1], three[2], vec4f());
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let id = linearId(group, local, groups, WORKGROUP);
  let lane = id % 4u;
  let quad = id / 4u;
  let columns = params.K / 4u; // of 4 channels; a tile has 8
  let wide = (columns + 7u) / 8u;
  let column = (quad % wide) * 8u;
  let row = (quad / wide * 4u + lane) * POSITIONS;
  // NOTE: nobody returns early: a quad's swaps need all four.
  let at0 = windows(row);
  let at1 = windows(row + 4u);
  let last = columns - 1u; // columns past the end repeat it
  let to1 = 4u * (min(column + 1u, last) - column);
  let to2 = 4u * (min(column + 2u, last) - column);
  let to3 = 4u * (min(column + 3u, last) - column);
  let to4 = 4u * (min(column + 4u, last) - column);
  let to5 = 4u * (min(column + 5u, last) - column);
  let to6 = 4u * (min(column + 6u, last) - column);
  let to7 = 4u * (min(column + 7u, last) - column);
  var weight = 4u * column + lane;
  var four: array<mat4x4f, 8>; // sums by channel quad; column i: of position row + i
  var three: array<mat3x4f, 8>; // of position row + 4 + i
  let size = vec2u(params.H, params.W);
  let dilation = vec2i(vec2u(params.DILATION_H, params.DILATION_W));
  let width = i32(params.KW) * dilation.y;
  let toColumn = (dilation.y - 1) * i32(C4);
  let toRow = (dilation.x * i32(params.W) - width) * i32(C4);
  let turns = params.KH * params.KW * C4;
  let K = params.K;
  var reach = vec3i();
  var c = 0u;
  // One loop, not three: a software adapter writes all sums back where one ends.
  for (var turn = 0u; turn < turns; turn++) {
    let xs0 = loadPositions(at0, reach, size);
    let behind = loadPositions(at1, reach, size);
    let xs1 = mat3x4f(behind[0], behind[1], behind[2]);
    let ws0 = weights(weight);
    four[0] += ws0 * xs0;
    if (POSITIONS > 4u) { three[0] += ws0 * xs1; }
    let ws1 = weights(weight + to1);
    four[1] += ws1 * xs0;
    if (POSITIONS > 4u) { three[1] += ws1 * xs1; }
    let ws2 = weights(weight + to2);
    four[2] += ws2 * xs0;
    if (POSITIONS > 4u) { three[2] += ws2 * xs1; }
    let ws3 = weights(weight + to3);
    four[3] += ws3 * xs0;
    if (POSITIONS > 4u) { three[3] += ws3 * xs1; }
    let ws4 = weights(weight + to4);
    four[4] += ws4 * xs0;
    if (POSITIONS > 4u) { three[4] += ws4 * xs1; }
    let ws5 = weights(weight + to5);
    four[5] += ws5 * xs0;
    if (POSITIONS > 4u) { three[5] += ws5 * xs1; }
    let ws6 = weights(weight + to6);
    four[6] += ws6 * xs0;
    if (POSITIONS > 4u) { three[6] += ws6 * xs1; }
    let ws7 = weights(weight + to7);
    four[7] += ws7 * xs0;
    if (POSITIONS > 4u) { three[7] += ws7 * xs1; }
    weight += K;
    c += 1u;
    let tapEnds = c == C4;
    c = select(c, 0u, tapEnds);
    reach.y += select(0, dilation.y, tapEnds);
    let rowEnds = reach.y == width;
    reach.y = select(reach.y, 0, rowEnds);
    reach.x += select(0, dilation.x, rowEnds);
    reach.z += 1 + select(0, toColumn, tapEnds) + select(0, toRow, rowEnds);
  }
  sums = array(
    four[0],
    padded(three[0]),
    four[1],
    padded(three[1]),
    four[2],
    padded(three[2]),
    four[3],
    padded(three[3]),
    four[4],
    padded(three[4]),
    four[5],
    padded(three[5]),
    four[6],
    padded(three[6]),
    four[7],
    padded(three[7]),
  );
  let rows = params.N * params.OH * params.OW;
  let adds = params.RESIDUAL == 1u; // in the loops a read of params would cost what a load does
  let rectifies = params.ACTIVATION == 1u;
  for (var i = 0u; i < 8u; i++) {
    let scales = scale[min(column + i, last)];
    let shifts = shift[min(column + i, last)];
    for (var position = 0u; position < POSITIONS; position++) {
      if (row + position < rows && column + i < columns) {
        let index = (row + position) * columns + column + i;
        var v = inOrder(sums[2u * i + (position >> 2u)][position & 3u], lane) * scales + shifts;
        if (adds) { v += vec4f(residual[index]); }
        if (ELU) {
          v = activate(v, 2u);
        } else {
          v = select(v, vec4f(), (v < vec4f()) & vec4<bool>(rectifies)); // unlike max, keeps NaN
        }
        y[index] = vec4<YElement>(v);
      }
    }
  }
}

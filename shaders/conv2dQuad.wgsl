// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, register tiles shared by quads
// x: (N, H, W, C)   w: (KH, KW, C/4, K, 4), as filtersLast packs it   scale, shift: (K)   residual, y: (N, OH, OW, K)
// lib: activate, convWindow4, linearId, quadSwaps
// C and K are multiples of 4. Four invocations (a quad) make 32 output positions x 32 output channels, or 16 x 32 with LOW:
// each has 8 positions (4), and each loads a quarter of the weights and hands it to the others. On a software adapter a load
// costs as much as ten multiply-adds, so few loads win. No barrier, no workgroup memory. The rows of the GEMM are all
// positions of the batch: M = N * OH * OW.

enable subgroups;

const PADDED = false;
const LOW = false;
const ELU = false; // else ACTIVATION is 0 or 1: a software adapter computes what a branch leaves out
const WORKGROUP = 16u;

const POSITIONS = select(8u, 4u, LOW); // of an invocation
const COLUMNS = 8u; // channel quads of a tile

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

fn load(start: i32, c: u32) -> vec4f {
  if (!PADDED) { return vec4f(x[u32(start) + c]); }
  return select(vec4f(), vec4f(x[u32(max(start, 0)) + c]), start >= 0);
}

// Column i: what position i of the four reads.
fn loadPositions(starts: vec4i, c: u32) -> mat4x4f {
  return mat4x4f(load(starts.x, c), load(starts.y, c), load(starts.z, c), load(starts.w, c));
}

// Row i: 4 depths of channel lane ^ i of a quad, of which this invocation loads its own.
fn weights(index: u32) -> mat4x4f {
  return transpose(others(vec4f(w[index])));
}

// [column quad][half]: column i of a matrix is position 4 half + i. A loop reads it at the end: the driver takes a second to
// compile 64 stores.
var<private> sums: array<mat4x4f, 16>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let K4 = params.K / 4u;
  let columnTiles = (K4 + COLUMNS - 1u) / COLUMNS;
  let id = linearId(group, local, groups, WORKGROUP);
  let lane = id % 4u;
  let column = ((id / 4u) % columnTiles) * COLUMNS;
  let row = ((id / 4u) / columnTiles * 4u + lane) * POSITIONS;
  // NOTE: nobody returns early: a quad's swaps need all four.
  let at0 = windows(row);
  let at1 = windows(row + 4u);
  let taps = select(params.KW, 1u, isRun());
  let depth4 = select(C4, params.KW * C4, isRun());
  let last = K4 - 1u; // columns past the end repeat it
  let to1 = 4u * (min(column + 1u, last) - column);
  let to2 = 4u * (min(column + 2u, last) - column);
  let to3 = 4u * (min(column + 3u, last) - column);
  let to4 = 4u * (min(column + 4u, last) - column);
  let to5 = 4u * (min(column + 5u, last) - column);
  let to6 = 4u * (min(column + 6u, last) - column);
  let to7 = 4u * (min(column + 7u, last) - column);
  var weight = 4u * column + lane;
  var sum: array<mat4x4f, 16>;
  for (var kh = 0u; kh < params.KH; kh++) {
    let starts0 = rowStarts(at0, kh);
    let starts1 = rowStarts(at1, kh);
    for (var kw = 0u; kw < taps; kw++) {
      let taps0 = pixels(at0, starts0, kw) * i32(C4);
      let taps1 = pixels(at1, starts1, kw) * i32(C4);
      for (var c = 0u; c < depth4; c++) {
        let xs0 = loadPositions(taps0, c);
        var xs1 = xs0;
        if (!LOW) { xs1 = loadPositions(taps1, c); }
        let ws0 = weights(weight);
        sum[0] += ws0 * xs0;
        if (!LOW) { sum[1] += ws0 * xs1; }
        let ws1 = weights(weight + to1);
        sum[2] += ws1 * xs0;
        if (!LOW) { sum[3] += ws1 * xs1; }
        let ws2 = weights(weight + to2);
        sum[4] += ws2 * xs0;
        if (!LOW) { sum[5] += ws2 * xs1; }
        let ws3 = weights(weight + to3);
        sum[6] += ws3 * xs0;
        if (!LOW) { sum[7] += ws3 * xs1; }
        let ws4 = weights(weight + to4);
        sum[8] += ws4 * xs0;
        if (!LOW) { sum[9] += ws4 * xs1; }
        let ws5 = weights(weight + to5);
        sum[10] += ws5 * xs0;
        if (!LOW) { sum[11] += ws5 * xs1; }
        let ws6 = weights(weight + to6);
        sum[12] += ws6 * xs0;
        if (!LOW) { sum[13] += ws6 * xs1; }
        let ws7 = weights(weight + to7);
        sum[14] += ws7 * xs0;
        if (!LOW) { sum[15] += ws7 * xs1; }
        weight += params.K;
      }
    }
  }
  sums = sum;
  let rows = params.N * params.OH * params.OW;
  let adds = params.RESIDUAL == 1u; // in the loops a read of params would cost what a load does
  let rectifies = params.ACTIVATION == 1u;
  for (var i = 0u; i < COLUMNS; i++) {
    let scales = scale[min(column + i, last)];
    let shifts = shift[min(column + i, last)];
    for (var position = 0u; position < POSITIONS; position++) {
      if (row + position < rows && column + i < K4) {
        let index = (row + position) * K4 + column + i;
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

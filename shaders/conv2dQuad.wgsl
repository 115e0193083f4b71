// y = activate(scale * conv(x, w) + shift + residual)   2-D convolution as implicit GEMM, register tiles shared by quads
// x: (N, H, W, C)   w: (KH, KW, C, K)   scale, shift: (K)   residual, y: (N, OH, OW, K)   C and K multiples of 4
// lib: activate, convWindow4, linearId
// Four invocations (a quad) make 32 output positions x 16 output channels, or with LOW 16 x 32 where there are few
// positions: each has 8 positions (4), and each loads a quarter of the weights and hands it to the others. On a software adapter a load costs as much as ten multiply-adds, so few loads
// win; a larger tile makes a loop too long for the instruction cache. No barrier, no workgroup memory. The rows of the GEMM
// are all positions of the batch: M = N * OH * OW.

enable subgroups;

const KH = 1u;
const KW = 1u;
const STRIDE_H = 1u;
const STRIDE_W = 1u;
const PAD_H = 0u;
const PAD_W = 0u;
const DILATION_H = 1u;
const DILATION_W = 1u;
const LOW = false;
const WORKGROUP = 64u;

const PADDED = PAD_H + PAD_W > 0u;
// Without padding or dilation along a row the window's row is one run of memory.
const RUNS = PAD_W == 0u && DILATION_W == 1u;
const TAPS = select(KW, 1u, RUNS);
// A matrix product: position m reads pixel m.
const PLAIN = KH * KW * STRIDE_H * STRIDE_W == 1u && !PADDED;

const POSITIONS = select(8u, 4u, LOW); // of an invocation
const COLUMNS = select(4u, 8u, LOW); // channel quads of a tile

// Sizes and epilogue are no constants here: on a software adapter compiling costs more than what constants would save.
struct Params { N: u32, H: u32, W: u32, C: u32, K: u32, OH: u32, OW: u32, RESIDUAL: u32, ACTIVATION: u32 }

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

// A column quad of 4 rows of w, of which this invocation loads the one at `index`: column i of the result is row i.
fn shareWeights(index: u32) -> mat4x4f {
  let mine = vec4f(w[index]);
  return mat4x4f(quadBroadcast(mine, 0u), quadBroadcast(mine, 1u), quadBroadcast(mine, 2u), quadBroadcast(mine, 3u));
}

// What the second half of the sums takes: other positions and the same weights, or with LOW the other way round.
fn nextWeights(weights: mat4x4f, index: u32) -> mat4x4f {
  if (!LOW) { return weights; }
  return shareWeights(index);
}

// [position][column quad]. Kept here and not in variables of the loop: a software adapter compiles that in half the time.
var<private> sums: array<vec4f, 32>;

fn add(position: u32, column: u32, products: mat4x4f) {
  sums[position * COLUMNS + column] += products[0];
  sums[(position + 1u) * COLUMNS + column] += products[1];
  sums[(position + 2u) * COLUMNS + column] += products[2];
  sums[(position + 3u) * COLUMNS + column] += products[3];
}

// The second half of the sums: four positions further or, with LOW, four column quads.
fn addBehind(column: u32, products: mat4x4f) {
  if (LOW) {
    add(0u, column + 4u, products);
  } else {
    add(4u, column, products);
  }
}

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
  // NOTE: nobody returns early: a quad's broadcasts need all four.
  let at0 = windows(row);
  let at1 = windows(row + 4u);
  let depth4 = select(C4, KW * C4, RUNS);
  let last = K4 - 1u; // columns past the end repeat it
  let to1 = min(column + 1u, last) - column;
  let to2 = min(column + 2u, last) - column;
  let to3 = min(column + 3u, last) - column;
  let to4 = min(column + 4u, last) - column;
  let to5 = min(column + 5u, last) - column;
  let to6 = min(column + 6u, last) - column;
  let to7 = min(column + 7u, last) - column;
  var weight = lane * K4 + column;
  for (var kh = 0u; kh < KH; kh++) {
    let starts0 = rowStarts(at0, kh);
    let starts1 = rowStarts(at1, kh);
    for (var kw = 0u; kw < TAPS; kw++) {
      let taps0 = pixels(at0, starts0, kw) * i32(C4);
      let taps1 = pixels(at1, starts1, kw) * i32(C4);
      for (var c = 0u; c < depth4; c++) {
        let xs0 = loadPositions(taps0, c);
        var xs1 = xs0;
        if (!LOW) { xs1 = loadPositions(taps1, c); }
        let ws0 = shareWeights(weight);
        add(0u, 0u, ws0 * xs0);
        addBehind(0u, nextWeights(ws0, weight + to4) * xs1);
        let ws1 = shareWeights(weight + to1);
        add(0u, 1u, ws1 * xs0);
        addBehind(1u, nextWeights(ws1, weight + to5) * xs1);
        let ws2 = shareWeights(weight + to2);
        add(0u, 2u, ws2 * xs0);
        addBehind(2u, nextWeights(ws2, weight + to6) * xs1);
        let ws3 = shareWeights(weight + to3);
        add(0u, 3u, ws3 * xs0);
        addBehind(3u, nextWeights(ws3, weight + to7) * xs1);
        weight += 4u * K4;
      }
    }
  }
  // A loop, not 32 stores: the driver takes a second to compile those.
  let rows = params.N * params.OH * params.OW;
  for (var i = 0u; i < COLUMNS; i++) {
    let scales = scale[min(column + i, last)];
    let shifts = shift[min(column + i, last)];
    for (var position = 0u; position < POSITIONS; position++) {
      if (row + position < rows && column + i < K4) {
        let index = (row + position) * K4 + column + i;
        var v = sums[position * COLUMNS + i] * scales + shifts;
        if (params.RESIDUAL == 1u) { v += vec4f(residual[index]); }
        y[index] = vec4<YElement>(activate(v, params.ACTIVATION));
      }
    }
  }
}

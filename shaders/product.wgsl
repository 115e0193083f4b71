// y = alpha A B, gamma alpha A B (SCALED) or residual + gamma alpha A B (RESIDUAL)   a batch of matrix products for training
// lib: linearId
// A: (M, K), or stored (K, M) with TRANSPOSE_A   B: (K, N), or stored (N, K) with TRANSPOSE_B   residual, y: (M, N)
// What matmul does, for the gradients of the attentions on software adapters: there are many of one size each, so sizes come
// at run time and all share three pipelines. Matrix (batch, group) starts at batch * A_BATCH + group * A_GROUP, its rows lie
// A_ROW apart; the strides are multiples of 4. A row of y that ends within a vec4 is padded with 0; those of A and B hold
// finite values there. K may end so only where B is not transposed.
// An invocation makes 8 x 8 results in four mat4x4f. What does not change is computed before the loop: a software adapter
// would read it from params again and again.

const TRANSPOSE_A = false;
const TRANSPOSE_B = false;
const WORKGROUP = 64u;

struct Params {
  BATCH: u32, GROUPS: u32, M: u32, N: u32, K: u32,
  A_ROW: u32, A_GROUP: u32, A_BATCH: u32,
  B_ROW: u32, B_GROUP: u32, B_BATCH: u32,
  Y_ROW: u32, Y_GROUP: u32, Y_BATCH: u32,
  ALPHA: f32, SCALED: u32, RESIDUAL: u32, GAMMA: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

const STEPS = vec4u(0u, 1u, 2u, 3u);

fn blockA(at: vec4u) -> mat4x4f {
  let rows = mat4x4f(a[at.x], a[at.y], a[at.z], a[at.w]);
  if (TRANSPOSE_A) { return transpose(rows); }
  return rows;
}

fn blockB(at: vec4u, keep: vec4f) -> mat4x4f {
  if (TRANSPOSE_B) { return transpose(mat4x4f(b[at.x], b[at.y], b[at.z], b[at.w])); }
  return mat4x4f(b[at.x] * keep.x, b[at.y] * keep.y, b[at.z] * keep.z, b[at.w] * keep.w);
}

var<private> sums: array<vec4f, 16>; // [row][column quad]: a loop is quicker to compile than 16 stores

fn hold(at: u32, sum: mat4x4f) {
  sums[at] = sum[0];
  sums[at + 2u] = sum[1];
  sums[at + 4u] = sum[2];
  sums[at + 6u] = sum[3];
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(num_workgroups) tiles: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(tile, local, tiles, WORKGROUP);
  let M = params.M;
  let N = params.N;
  let last = params.K - 1u;
  let wide = (N + 7u) / 8u;
  let high = (M + 7u) / 8u;
  let product = id / (wide * high);
  if (product >= params.BATCH * params.GROUPS) { return; }
  let batch = product / params.GROUPS;
  let group = product % params.GROUPS;
  let column = (id % wide) * 2u; // in quads
  let row = ((id / wide) % high) * 8u;
  let rowA = params.A_ROW / 4u;
  let rowB = params.B_ROW / 4u;
  // Where the blocks start at depth 0. Rows and columns past the end repeat the last one.
  let startA = vec4u((batch * params.A_BATCH + group * params.A_GROUP) / 4u);
  let startB = vec4u((batch * params.B_BATCH + group * params.B_GROUP) / 4u);
  let lastRow = select(M - 1u, (M - 1u) / 4u, TRANSPOSE_A);
  let lastColumn = select((N - 1u) / 4u, N - 1u, TRANSPOSE_B);
  let startA0 = startA + select(min(row + STEPS, vec4u(lastRow)) * rowA, vec4u(min(row / 4u, lastRow)), TRANSPOSE_A);
  let startA1 = startA + select(min(row + 4u + STEPS, vec4u(lastRow)) * rowA, vec4u(min(row / 4u + 1u, lastRow)), TRANSPOSE_A);
  let startB0 = startB + select(vec4u(min(column, lastColumn)), min(column * 4u + STEPS, vec4u(lastColumn)) * rowB, TRANSPOSE_B);
  let startB1 = startB + select(vec4u(min(column + 1u, lastColumn)), min(column * 4u + 4u + STEPS, vec4u(lastColumn)) * rowB, TRANSPOSE_B);
  var sum00 = mat4x4f(); // [row quad][column quad], column i: row + i
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var depth = 0u; depth <= last / 4u; depth++) {
    let k = depth * 4u + STEPS;
    let inside = min(k, vec4u(last)); // depths past the end repeat the last one, and B is 0 there
    let atA = select(vec4u(depth), inside * rowA, TRANSPOSE_A);
    let atB = select(inside * rowB, vec4u(depth), TRANSPOSE_B);
    let keep = select(vec4f(), vec4f(1.0), k == inside);
    let a0 = blockA(startA0 + atA);
    let a1 = blockA(startA1 + atA);
    let b0 = blockB(startB0 + atB, keep);
    let b1 = blockB(startB1 + atB, keep);
    sum00 += b0 * a0;
    sum01 += b1 * a0;
    sum10 += b0 * a1;
    sum11 += b1 * a1;
  }
  hold(0u, sum00);
  hold(1u, sum01);
  hold(8u, sum10);
  hold(9u, sum11);
  var factor = params.ALPHA;
  if (params.SCALED + params.RESIDUAL > 0u) { factor *= gamma[params.GAMMA]; }
  let startY = (batch * params.Y_BATCH + group * params.Y_GROUP + row * params.Y_ROW) / 4u + column;
  for (var i = 0u; i < 2u * min(M - row, 8u); i++) {
    let first = (column + i % 2u) * 4u;
    if (first >= N) { continue; }
    let index = startY + (i / 2u) * (params.Y_ROW / 4u) + i % 2u;
    var v = factor * sums[i];
    if (params.RESIDUAL == 1u) { v += residual[index]; }
    y[index] = select(vec4f(), v, first + STEPS < vec4u(N));
  }
}

// y = activate(x * w + b)   x: (M, K)   w: (K, N)   b: (N)   y: (M, N)   any sizes
// lib: activate, linearId
// An invocation makes 4 rows x 4 columns (COLUMNS apart, so that neighbours read neighbouring weights). With one row the
// product is bound by reading w: the depth K is dealt out to SLICES invocations, whose sums meet in workgroup memory and
// are added in order. SLICES is 1 (no barrier: software adapters) or at least 4.
// x and y are never f16: a few vectors behind the pools, where logits would be rounded for nothing.

const M = 1u;
const K = 1u;
const N = 1u;
const ACTIVATION = 0u;
const COLUMNS = 64u;
const SLICES = 1u;

const TURNS = (K + SLICES - 1u) / SLICES;
const GROUPS_WIDE = (N + 4u * COLUMNS - 1u) / (4u * COLUMNS);
const INVOCATIONS = COLUMNS * SLICES;

alias WElement = f32;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<WElement>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> partial: array<mat4x4f, INVOCATIONS>; // [slice][column]

// The sums of one slice. Rows and columns past the end repeat the last one and are never stored.
fn product(row: u32, column: u32, slice: u32) -> mat4x4f {
  let x0 = min(row, M - 1u) * K;
  let x1 = min(row + 1u, M - 1u) * K;
  let x2 = min(row + 2u, M - 1u) * K;
  let x3 = min(row + 3u, M - 1u) * K;
  let w0 = min(column, N - 1u);
  let w1 = min(column + COLUMNS, N - 1u);
  let w2 = min(column + 2u * COLUMNS, N - 1u);
  let w3 = min(column + 3u * COLUMNS, N - 1u);
  var sum = mat4x4f(); // column i: row i
  for (var turn = 0u; turn < TURNS; turn++) {
    let k = turn * SLICES + slice;
    if (k >= K) { break; }
    let start = k * N;
    let ws = vec4f(vec4<WElement>(w[start + w0], w[start + w1], w[start + w2], w[start + w3]));
    if (M == 1u) {
      sum[0] += ws * x[k];
    } else {
      sum += mat4x4f(ws * x[x0 + k], ws * x[x1 + k], ws * x[x2 + k], ws * x[x3 + k]);
    }
  }
  return sum;
}

fn storeOne(row: u32, column: u32, sum: f32) {
  if (column < N) { y[row * N + column] = activate(vec4f(sum + b[column]), ACTIVATION).x; }
}

fn store(row: u32, column: u32, sum: vec4f) {
  if (row >= M) { return; }
  storeOne(row, column, sum.x);
  storeOne(row, column + COLUMNS, sum.y);
  storeOne(row, column + 2u * COLUMNS, sum.z);
  storeOne(row, column + 3u * COLUMNS, sum.w);
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linearId(group, 0u, groups, 1u);
  let row = (tile / GROUPS_WIDE) * 4u;
  let column = (tile % GROUPS_WIDE) * 4u * COLUMNS + local % COLUMNS;
  let sum = product(row, column, local / COLUMNS);
  if (SLICES == 1u) {
    store(row, column, sum[0]);
    store(row + 1u, column, sum[1]);
    store(row + 2u, column, sum[2]);
    store(row + 3u, column, sum[3]);
    return;
  }
  partial[local] = sum;
  workgroupBarrier();
  let i = local / COLUMNS; // now each of the first 4 COLUMNS invocations ends one row
  if (i >= 4u) { return; }
  var total = vec4f();
  for (var slice = 0u; slice < SLICES; slice++) { total += partial[slice * COLUMNS + local % COLUMNS][i]; }
  store(row + i, column, total);
}

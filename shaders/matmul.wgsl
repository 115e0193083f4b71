// y = alpha A B, gamma alpha A B or residual + gamma alpha A B   a batch of matrix products, register-tile family (software adapters)
// lib: matmul, linearId
// A: (M, K), or stored (K, M) with TRANSPOSE_A   B: (K, N), or stored (N, K) with TRANSPOSE_B   residual, y: (M, N)
// BATCH x GROUPS products: matrix (batch, group) starts at batch * A_BATCH + group * A_GROUP, its rows lie A_ROW apart;
// the strides are multiples of 4. A row that ends within a vec4 is padded: in y with 0 (LOWEST: with the lowest float).
// One invocation makes 8 x 8 results in four mat4x4f: 16 loads serve 64 multiply-adds, which makes up for what a load
// costs on a software adapter. No barrier.

const BATCH = 1u;
const GROUPS = 1u;
const M = 1u;
const N = 4u;
const K = 4u;
const TRANSPOSE_A = false;
const TRANSPOSE_B = false;
const A_ROW = 4u;
const A_GROUP = 0u;
const A_BATCH = 0u;
const B_ROW = 4u;
const B_GROUP = 0u;
const B_BATCH = 0u;
const Y_ROW = 4u;
const Y_GROUP = 0u;
const Y_BATCH = 0u;
const ALPHA = 1.0;
const RESIDUAL = false;
const SCALED = false; // by gamma, without a residual
const GAMMA = 0u; // index into gamma
const LOWEST = false;
const WORKGROUP = 64u;

const WIDE = (N + 7u) / 8u;
const HIGH = (M + 7u) / 8u;

alias AElement = f32;
alias BElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> a: array<vec4<AElement>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<BElement>>;
@group(0) @binding(2) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<YElement>>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(num_workgroups) tiles: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(tile, local, tiles, WORKGROUP);
  let column = (id % WIDE) * 2u;
  let row = ((id / WIDE) % HIGH) * 8u;
  let product = id / (WIDE * HIGH);
  if (product >= BATCH * GROUPS) { return; }
  let batch = product / GROUPS;
  let group = product % GROUPS;
  let startA = (batch * A_BATCH + group * A_GROUP) / 4u;
  let startB = (batch * B_BATCH + group * B_GROUP) / 4u;
  let startY = (batch * Y_BATCH + group * Y_GROUP) / 4u;
  var sum00 = mat4x4f(); // [row quad][column quad], column i: row + i
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var depth = 0u; depth < K4; depth++) {
    let a0 = loadA(startA, row, depth);
    let a1 = loadA(startA, row + 4u, depth);
    let b0 = loadB(startB, column, depth);
    let b1 = loadB(startB, column + 1u, depth);
    sum00 += b0 * a0;
    sum01 += b1 * a0;
    sum10 += b0 * a1;
    sum11 += b1 * a1;
  }
  storeBlock(startY, row, column, sum00);
  storeBlock(startY, row, column + 1u, sum01);
  storeBlock(startY, row + 4u, column, sum10);
  storeBlock(startY, row + 4u, column + 1u, sum11);
}

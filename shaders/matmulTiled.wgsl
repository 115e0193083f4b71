// y = alpha A B, gamma alpha A B or residual + gamma alpha A B   a batch of matrix products, workgroup-tile family (GPUs)
// lib: matmul, linearId
// A: (M, K), or stored (K, M) with TRANSPOSE_A   B: (K, N), or stored (N, K) with TRANSPOSE_B   residual, y: (M, N)
// BATCH x GROUPS products: matrix (batch, group) starts at batch * A_BATCH + group * A_GROUP, its rows lie A_ROW apart;
// the strides are multiples of 4. A row that ends within a vec4 is padded: in y with 0 (LOWEST: with the lowest float).
// 8 x 8 invocations make 64 x 64 results, each 8 x 8 in four mat4x4f; the depth goes by in tiles of 16, of which each
// invocation loads one 4 x 4 block of A and one of B.

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

const WIDE = (N + 63u) / 64u;
const HIGH = (M + 63u) / 64u;
const STEPS = (K4 + 3u) / 4u;

alias AElement = f32;
alias BElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> a: array<vec4<AElement>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<BElement>>;
@group(0) @binding(2) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<YElement>>;

var<workgroup> tileA: array<vec4f, 256>; // [4 depth quads][64 rows], a vec4 runs along the depth
var<workgroup> tileB: array<vec4f, 256>; // [16 depths][16 column quads], a vec4 runs along the columns

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(num_workgroups) tiles: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(tile, 0u, tiles, 1u);
  let firstColumn = (id % WIDE) * 16u;
  let firstRow = ((id / WIDE) % HIGH) * 64u;
  let product = min(id / (WIDE * HIGH), BATCH * GROUPS - 1u); // a spare workgroup repeats the last product
  let batch = product / GROUPS;
  let group = product % GROUPS;
  let startA = (batch * A_BATCH + group * A_GROUP) / 4u;
  let startB = (batch * B_BATCH + group * B_GROUP) / 4u;
  let startY = (batch * Y_BATCH + group * Y_GROUP) / 4u;
  let quad = local / 16u; // this invocation loads the blocks of this depth quad ...
  let place = local % 16u; // ... at this row quad of tileA and column quad of tileB
  let a0 = (local / 8u) * 4u; // and computes rows a0 .. and a0 + 32 .., column quads b0 and b0 + 8
  let b0 = local % 8u;
  if (quad < K4) { // what no one fills stays 0
    let blockA = loadA(startA, firstRow + place * 4u, quad);
    let blockB = loadB(startB, firstColumn + place, quad);
    for (var i = 0u; i < 4u; i++) {
      tileA[quad * 64u + place * 4u + i] = blockA[i];
      tileB[quad * 64u + i * 16u + place] = blockB[i];
    }
  }
  workgroupBarrier();
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var step = 0u; step < STEPS; step++) {
    // NOTE: the next tiles are asked for before this step's multiply-adds and awaited after them. Zeros past the depth.
    var blockA = mat4x4f();
    var blockB = mat4x4f();
    let depth = step * 4u + 4u + quad;
    if (step + 1u < STEPS && (K4 % 4u == 0u || depth < K4)) {
      blockA = loadA(startA, firstRow + place * 4u, depth);
      blockB = loadB(startB, firstColumn + place, depth);
    }
    for (var q = 0u; q < 4u; q++) {
      let atA = q * 64u + a0;
      let atB = q * 64u + b0;
      let as0 = mat4x4f(tileA[atA], tileA[atA + 1u], tileA[atA + 2u], tileA[atA + 3u]);
      let as1 = mat4x4f(tileA[atA + 32u], tileA[atA + 33u], tileA[atA + 34u], tileA[atA + 35u]);
      let bs0 = mat4x4f(tileB[atB], tileB[atB + 16u], tileB[atB + 32u], tileB[atB + 48u]);
      let bs1 = mat4x4f(tileB[atB + 8u], tileB[atB + 24u], tileB[atB + 40u], tileB[atB + 56u]);
      sum00 += bs0 * as0;
      sum01 += bs1 * as0;
      sum10 += bs0 * as1;
      sum11 += bs1 * as1;
    }
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      tileA[quad * 64u + place * 4u + i] = blockA[i];
      tileB[quad * 64u + i * 16u + place] = blockB[i];
    }
    workgroupBarrier();
  }
  storeBlock(startY, firstRow + a0, firstColumn + b0, sum00);
  storeBlock(startY, firstRow + a0, firstColumn + b0 + 8u, sum01);
  storeBlock(startY, firstRow + a0 + 32u, firstColumn + b0, sum10);
  storeBlock(startY, firstRow + a0 + 32u, firstColumn + b0 + 8u, sum11);
}

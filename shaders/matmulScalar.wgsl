// y = A B   one matrix product of any sizes, with scalar loads: the gradients of linear layers, whose rows need not be vec4
// lib: linearId
// A: (M, K), or stored (K, M) with TRANSPOSE_A   B: (K, N), or stored (N, K) with TRANSPOSE_B   y: (M, N)
// An invocation makes 4 x 4 results in one mat4x4f. Rows and columns past the end repeat the last one and are never stored.

const TRANSPOSE_A = false;
const TRANSPOSE_B = false;
const WORKGROUP = 64u;

struct Params { M: u32, N: u32, K: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn store(row: u32, column: u32, sum: vec4f) {
  if (row >= params.M) { return; }
  let at = row * params.N + column;
  y[at] = sum.x;
  if (column + 1u < params.N) { y[at + 1u] = sum.y; }
  if (column + 2u < params.N) { y[at + 2u] = sum.z; }
  if (column + 3u < params.N) { y[at + 3u] = sum.w; }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let wide = (params.N + 3u) / 4u;
  let row = (id / wide) * 4u;
  let column = (id % wide) * 4u;
  if (row >= params.M) { return; }
  let rows = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.M - 1u));
  let columns = min(vec4u(column, column + 1u, column + 2u, column + 3u), vec4u(params.N - 1u));
  let stepA = select(1u, params.M, TRANSPOSE_A);
  let stepB = select(params.N, 1u, TRANSPOSE_B);
  var atA = select(rows * params.K, rows, TRANSPOSE_A);
  var atB = select(columns, columns * params.K, TRANSPOSE_B);
  var sum = mat4x4f(); // column i: row i
  for (var k = 0u; k < params.K; k++) {
    let bs = vec4f(b[atB.x], b[atB.y], b[atB.z], b[atB.w]);
    sum += mat4x4f(bs * a[atA.x], bs * a[atA.y], bs * a[atA.z], bs * a[atA.w]);
    atA += stepA;
    atB += stepB;
  }
  store(row, column, sum[0]);
  store(row + 1u, column, sum[1]);
  store(row + 2u, column, sum[2]);
  store(row + 3u, column, sum[3]);
}

// loadA, loadB, storeY: what the matmul kernels share. The buffers a, b, residual, gamma, y and the knobs are theirs.
const A_ROW4 = A_ROW / 4u;
const B_ROW4 = B_ROW / 4u;
const Y_ROW4 = Y_ROW / 4u;
const M4 = (M + 3u) / 4u;
const N4 = (N + 3u) / 4u;
const K4 = (K + 3u) / 4u;

// Rows row .. row + 3 of A at depths 4 depth4 ..: column i is row + i. Rows past the end repeat the last one.
fn loadA(start: u32, row: u32, depth4: u32) -> mat4x4f {
  if (TRANSPOSE_A) {
    let at = start + min(row / 4u, M4 - 1u);
    let k = depth4 * 4u;
    return transpose(mat4x4f(depthA(at, k), depthA(at, k + 1u), depthA(at, k + 2u), depthA(at, k + 3u)));
  }
  let at = start + depth4;
  return mat4x4f(rowA(at, row), rowA(at, row + 1u), rowA(at, row + 2u), rowA(at, row + 3u));
}

fn rowA(at: u32, row: u32) -> vec4f {
  return vec4f(a[at + min(row, M - 1u) * A_ROW4]);
}

fn depthA(at: u32, k: u32) -> vec4f {
  return vec4f(a[at + select(min(k, K - 1u), k, K % 4u == 0u) * A_ROW4]);
}

// Columns 4 column4 .. of B at depths 4 depth4 ..: column i is depth 4 depth4 + i, zero past the end.
fn loadB(start: u32, column4: u32, depth4: u32) -> mat4x4f {
  if (TRANSPOSE_B) {
    let at = start + depth4;
    let n = column4 * 4u;
    return transpose(mat4x4f(columnB(at, n), columnB(at, n + 1u), columnB(at, n + 2u), columnB(at, n + 3u)));
  }
  let at = start + min(column4, N4 - 1u);
  let k = depth4 * 4u;
  return mat4x4f(depthB(at, k), depthB(at, k + 1u), depthB(at, k + 2u), depthB(at, k + 3u));
}

fn columnB(at: u32, n: u32) -> vec4f {
  return vec4f(b[at + min(n, N - 1u) * B_ROW4]);
}

fn depthB(at: u32, k: u32) -> vec4f {
  if (K % 4u == 0u) { return vec4f(b[at + k * B_ROW4]); }
  return select(vec4f(), vec4f(b[at + min(k, K - 1u) * B_ROW4]), k < K);
}

fn storeBlock(start: u32, row: u32, column4: u32, sum: mat4x4f) {
  store(start, row, column4, sum[0]);
  store(start, row + 1u, column4, sum[1]);
  store(start, row + 2u, column4, sum[2]);
  store(start, row + 3u, column4, sum[3]);
}

fn store(start: u32, row: u32, column4: u32, sum: vec4f) {
  if (row >= M || column4 >= N4) { return; }
  let index = start + row * Y_ROW4 + column4;
  var v = ALPHA * sum;
  if (SCALED) { v *= gamma[GAMMA]; }
  if (RESIDUAL) { v = vec4f(residual[index]) + gamma[GAMMA] * v; }
  if (N % 4u > 0u) {
    let past = vec4u(column4 * 4u) + vec4u(0u, 1u, 2u, 3u) >= vec4u(N);
    v = select(v, vec4f(select(0.0, -3.4e38, LOWEST)), past);
  }
  y[index] = vec4<YElement>(v);
}

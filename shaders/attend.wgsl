// y = W value, W = softmax over the sender's positions of SCALE query key^T   attention that never stores W, for GPUs
// lib: attend, linearId
// query: (N, P, R) of the receiver's P positions   key: (N, S, R), value: (N, S, D) of the sender's S   y: (N, P, D)
// RESIDUAL 0: y as above, 1: y = x + gamma[GAMMA] W value, 2: y += gamma[GAMMA] W value.   R and D multiples of 4
// A workgroup takes 16 receiver positions ("rows") and goes over the sender's in tiles of WORKGROUP: it scores a tile,
// turns scores into weights relative to the largest score so far, and adds the tile's weighted values to sums that are
// scaled down whenever a larger score appears. An invocation keeps the sums of 16 rows x 4 channels.

const N = 1u;
const P = 1u;
const S = 1u;
const R = 4u;
const D = 4u;
const SCALE = 1.0;
const RESIDUAL = 0u;
const GAMMA = 0u; // index into gamma
const WORKGROUP = 64u; // a multiple of 16

const R4 = R / 4u;
const D4 = D / 4u;
const S4 = (S + 3u) / 4u;
const TILE4 = WORKGROUP / 4u;
const TILES = (S + WORKGROUP - 1u) / WORKGROUP;
const PARTS = WORKGROUP / 16u;
const HIGH = (P + 15u) / 16u;
const WIDE = (D4 + WORKGROUP - 1u) / WORKGROUP;

alias QueryElement = f32;
alias KeyElement = f32;
alias ValueElement = f32;
alias XElement = f32;
alias YElement = f32;
alias StoredY = vec4<YElement>;

@group(0) @binding(0) var<storage, read> query: array<vec4<QueryElement>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<KeyElement>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<ValueElement>>;
@group(0) @binding(3) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<YElement>>;

var<workgroup> tile: array<vec4f, WORKGROUP * 4u>; // [position quad][row]: scores, then weights of 4 positions
var<workgroup> parts: array<f32, WORKGROUP>; // [part][row]
var<workgroup> factors: array<f32, 16>; // [row]

// Scores of rows row .. row + 3 (column i: row + i) with the sender's positions position .. position + 3.
fn score(image: u32, row: u32, position: u32) -> mat4x4f {
  let q0 = (image * P + min(row, P - 1u)) * R4;
  let q1 = (image * P + min(row + 1u, P - 1u)) * R4;
  let q2 = (image * P + min(row + 2u, P - 1u)) * R4;
  let q3 = (image * P + min(row + 3u, P - 1u)) * R4;
  let k0 = (image * S + min(position, S - 1u)) * R4;
  let k1 = (image * S + min(position + 1u, S - 1u)) * R4;
  let k2 = (image * S + min(position + 2u, S - 1u)) * R4;
  let k3 = (image * S + min(position + 3u, S - 1u)) * R4;
  var sum = mat4x4f();
  for (var r = 0u; r < R4; r++) {
    let ks = transpose(mat4x4f(vec4f(key[k0 + r]), vec4f(key[k1 + r]), vec4f(key[k2 + r]), vec4f(key[k3 + r])));
    sum += ks * mat4x4f(vec4f(query[q0 + r]), vec4f(query[q1 + r]), vec4f(query[q2 + r]), vec4f(query[q3 + r]));
  }
  return sum * SCALE;
}

fn weights(quad: u32, row: u32) -> mat4x4f {
  let i = quad * 16u + row;
  return mat4x4f(tile[i], tile[i + 1u], tile[i + 2u], tile[i + 3u]);
}

// Column i times the factor of row + i.
fn rescale(sum: mat4x4f, row: u32) -> mat4x4f {
  return mat4x4f(
    sum[0] * factors[row],
    sum[1] * factors[row + 1u],
    sum[2] * factors[row + 2u],
    sum[3] * factors[row + 3u],
  );
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, 0u, groups, 1u);
  if (id >= N * HIGH * WIDE) { return; }
  let image = id / (HIGH * WIDE);
  let firstRow = ((id / WIDE) % HIGH) * 16u;
  let channel = (id % WIDE) * WORKGROUP + local; // this invocation sums these 4 channels,
  let start = image * S * D4 + min(channel, D4 - 1u);
  let scoreRow = (local % 4u) * 4u; // scores these 4 rows with a quad of positions,
  let scoreQuad = local / 4u;
  let row = local % 16u; // and turns one part of one row's scores into weights
  let part = local / 16u;
  var maximum = -3.4e38;
  var total = 0.0;
  var sum0 = mat4x4f(); // [row quad], column i: row + i
  var sum1 = mat4x4f();
  var sum2 = mat4x4f();
  var sum3 = mat4x4f();
  for (var t = 0u; t < TILES; t++) {
    let position = t * WORKGROUP + scoreQuad * 4u;
    var scores = mat4x4f(vec4f(-3.4e38), vec4f(-3.4e38), vec4f(-3.4e38), vec4f(-3.4e38));
    if (position < S) { scores = score(image, firstRow + scoreRow, position); }
    let at = scoreQuad * 16u + scoreRow;
    tile[at] = masked(scores[0], position);
    tile[at + 1u] = masked(scores[1], position);
    tile[at + 2u] = masked(scores[2], position);
    tile[at + 3u] = masked(scores[3], position);
    workgroupBarrier();

    let mine = part * 64u + row; // 4 quads of positions
    var w0 = tile[mine];
    var w1 = tile[mine + 16u];
    var w2 = tile[mine + 32u];
    var w3 = tile[mine + 48u];
    let largest = max(max(w0, w1), max(w2, w3));
    parts[local] = max(max(largest.x, largest.y), max(largest.z, largest.w));
    workgroupBarrier();

    let before = maximum;
    for (var i = 0u; i < PARTS; i++) { maximum = max(maximum, parts[i * 16u + row]); }
    w0 = exp(w0 - maximum);
    w1 = exp(w1 - maximum);
    w2 = exp(w2 - maximum);
    w3 = exp(w3 - maximum);
    let factor = exp(before - maximum);
    total = total * factor + dot(w0 + w1 + w2 + w3, vec4f(1.0));
    tile[mine] = w0;
    tile[mine + 16u] = w1;
    tile[mine + 32u] = w2;
    tile[mine + 48u] = w3;
    if (part == 0u) { factors[row] = factor; }
    workgroupBarrier();

    sum0 = rescale(sum0, 0u);
    sum1 = rescale(sum1, 4u);
    sum2 = rescale(sum2, 8u);
    sum3 = rescale(sum3, 12u);
    let quads = min(TILE4, S4 - t * TILE4);
    for (var quad = 0u; quad < quads; quad++) {
      let vs = values(start, t * WORKGROUP + quad * 4u);
      sum0 += vs * weights(quad, 0u);
      sum1 += vs * weights(quad, 4u);
      sum2 += vs * weights(quad, 8u);
      sum3 += vs * weights(quad, 12u);
    }
    workgroupBarrier();
  }

  parts[local] = total;
  workgroupBarrier();
  if (part == 0u) {
    total = 0.0;
    for (var i = 0u; i < PARTS; i++) { total += parts[i * 16u + row]; }
    factors[row] = gain() / total;
  }
  workgroupBarrier();
  hold(0u, rescale(sum0, 0u));
  hold(4u, rescale(sum1, 4u));
  hold(8u, rescale(sum2, 8u));
  hold(12u, rescale(sum3, 12u));
  storeHeld(image, firstRow, channel, true, 0u);
}

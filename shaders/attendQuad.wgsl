// y = W value, W = softmax over the sender's positions of SCALE query key^T   attention that never stores W, by quads
// lib: attend, linearId, quadSwaps
// query: (N, P, R) of the receiver's P positions   key: (N, S, R), value: (N, S, D) of the sender's S   y: (N, P, D)
// RESIDUAL 0: y as above, 1: y = x + gamma[GAMMA] W value, 2: y += gamma[GAMMA] W value.   R and D multiples of 4
// For software adapters with subgroups, where a barrier costs more than the work between two of them: four invocations
// (a quad) take 16 receiver positions ("rows") and share what they load by swaps; each keeps the scores of 4 rows,
// 4 i + lane, in private memory. The first turn finds each row's largest score and sum, the second weighs the values a
// tile of sender positions at a time; it scores again only where the sender has more positions than one tile.

enable subgroups;

const N = 1u;
const P = 1u;
const S = 1u;
const R = 4u;
const D = 4u;
const SCALE = 1.0;
const RESIDUAL = 0u;
const GAMMA = 0u; // index into gamma
const TILE = 64u; // sender positions, a multiple of 16, at most 512

const R4 = R / 4u;
const D4 = D / 4u;
const S4 = (S + 3u) / 4u;
const TILE4 = TILE / 4u;
const TILES = (S + TILE - 1u) / TILE;
const HIGH = (P + 15u) / 16u;
const STEPS = (D4 + 3u) / 4u;

alias QueryElement = f32;
alias KeyElement = f32;
alias ValueElement = f32;
alias XElement = f32;
alias StoredY = vec4f; // no f16: sums come back for every tile, and would be rounded each time

@group(0) @binding(0) var<storage, read> query: array<vec4<QueryElement>>;
@group(0) @binding(1) var<storage, read> key: array<vec4<KeyElement>>;
@group(0) @binding(2) var<storage, read> value: array<vec4<ValueElement>>;
@group(0) @binding(3) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

var<private> tile: array<vec4f, TILE>; // [position quad][i]: scores, then weights, of row 4 i + lane for 4 positions

// Turns scores of rows lane ^ i with this lane's positions into scores of this lane's row with the positions of each lane.
fn exchange(scores: mat4x4f, lane: u32) -> mat4x4f {
  let x = quadSwapX(scores[1]);
  let y = quadSwapY(scores[2]);
  let both = quadSwapDiagonal(scores[3]);
  let odd = (lane & 1u) == 1u;
  let a = select(scores[0], x, odd);
  let b = select(x, scores[0], odd);
  let c = select(y, both, odd);
  let d = select(both, y, odd);
  let high = lane > 1u;
  return mat4x4f(select(a, c, high), select(b, d, high), select(c, a, high), select(d, b, high));
}

fn largest(scores: mat4x4f) -> f32 {
  let v = max(max(scores[0], scores[1]), max(scores[2], scores[3]));
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn sumOfExp(scores: mat4x4f, maximum: f32) -> f32 {
  let v = exp(scores[0] - maximum) + exp(scores[1] - maximum) + exp(scores[2] - maximum) + exp(scores[3] - maximum);
  return dot(v, vec4f(1.0));
}

fn maskedBlock(scores: mat4x4f, position: u32) -> mat4x4f {
  return mat4x4f(
    masked(SCALE * scores[0], position),
    masked(SCALE * scores[1], position + 4u),
    masked(SCALE * scores[2], position + 8u),
    masked(SCALE * scores[3], position + 12u),
  );
}

fn keep(at: u32, scores: mat4x4f) {
  tile[at] = scores[0];
  tile[at + 4u] = scores[1];
  tile[at + 8u] = scores[2];
  tile[at + 12u] = scores[3];
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linearId(group, 0u, groups, 1u);
  if (id >= N * HIGH) { return; }
  let image = id / HIGH;
  let firstRow = (id % HIGH) * 16u;
  let q0 = (image * P + min(firstRow + lane, P - 1u)) * R4;
  let q1 = (image * P + min(firstRow + lane + 4u, P - 1u)) * R4;
  let q2 = (image * P + min(firstRow + lane + 8u, P - 1u)) * R4;
  let q3 = (image * P + min(firstRow + lane + 12u, P - 1u)) * R4;
  var maximum = vec4f(-3.4e38); // component i: row 4 i + lane
  var total = vec4f();
  for (var turn = 0u; turn < 2u; turn++) {
    for (var t = 0u; t < TILES; t++) {
      let quads = min(TILE4, S4 - t * TILE4);
      if (turn == 0u || TILES > 1u) {
        for (var quad = 0u; quad < quads; quad += 4u) {
          let first = t * TILE + quad * 4u;
          let position = first + lane * 4u;
          let k0 = (image * S + min(position, S - 1u)) * R4;
          let k1 = (image * S + min(position + 1u, S - 1u)) * R4;
          let k2 = (image * S + min(position + 2u, S - 1u)) * R4;
          let k3 = (image * S + min(position + 3u, S - 1u)) * R4;
          var sum0 = mat4x4f(); // [i], column j: row 4 i + (lane ^ j), with this lane's 4 positions
          var sum1 = mat4x4f();
          var sum2 = mat4x4f();
          var sum3 = mat4x4f();
          for (var r = 0u; r < R4; r++) {
            let ks = transpose(mat4x4f(vec4f(key[k0 + r]), vec4f(key[k1 + r]), vec4f(key[k2 + r]), vec4f(key[k3 + r])));
            sum0 += ks * others(vec4f(query[q0 + r]));
            sum1 += ks * others(vec4f(query[q1 + r]));
            sum2 += ks * others(vec4f(query[q2 + r]));
            sum3 += ks * others(vec4f(query[q3 + r]));
          }
          let scores0 = maskedBlock(exchange(sum0, lane), first); // [i], row 4 i + lane with 16 positions
          let scores1 = maskedBlock(exchange(sum1, lane), first);
          let scores2 = maskedBlock(exchange(sum2, lane), first);
          let scores3 = maskedBlock(exchange(sum3, lane), first);
          keep(quad * 4u, scores0);
          keep(quad * 4u + 1u, scores1);
          keep(quad * 4u + 2u, scores2);
          keep(quad * 4u + 3u, scores3);
          if (turn == 0u) {
            let before = maximum;
            maximum = max(before, vec4f(largest(scores0), largest(scores1), largest(scores2), largest(scores3)));
            total = total * exp(before - maximum) + vec4f(
              sumOfExp(scores0, maximum.x),
              sumOfExp(scores1, maximum.y),
              sumOfExp(scores2, maximum.z),
              sumOfExp(scores3, maximum.w),
            );
          }
        }
      }
      if (turn == 1u) {
        let scale = gain() / total;
        for (var at = 0u; at < quads * 4u; at += 4u) {
          tile[at] = scale.x * exp(tile[at] - maximum.x);
          tile[at + 1u] = scale.y * exp(tile[at + 1u] - maximum.y);
          tile[at + 2u] = scale.z * exp(tile[at + 2u] - maximum.z);
          tile[at + 3u] = scale.w * exp(tile[at + 3u] - maximum.w);
        }
        for (var step = 0u; step < STEPS; step++) {
          let channel = step * 4u + lane;
          let start = image * S * D4 + min(channel, D4 - 1u);
          var sum0 = mat4x4f(); // [i], column j: row 4 i + (lane ^ j), with this lane's 4 channels
          var sum1 = mat4x4f();
          var sum2 = mat4x4f();
          var sum3 = mat4x4f();
          for (var quad = 0u; quad < quads; quad++) {
            let vs = values(start, t * TILE + quad * 4u);
            sum0 += vs * others(tile[quad * 4u]);
            sum1 += vs * others(tile[quad * 4u + 1u]);
            sum2 += vs * others(tile[quad * 4u + 2u]);
            sum3 += vs * others(tile[quad * 4u + 3u]);
          }
          hold(0u, sum0);
          hold(4u, sum1);
          hold(8u, sum2);
          hold(12u, sum3);
          storeHeld(image, firstRow, channel, t == 0u, lane);
        }
      }
    }
  }
}

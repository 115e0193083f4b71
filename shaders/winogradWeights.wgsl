// u = G w G^T   weights transform of Winograd's convolution F(TILE x TILE, 3 x 3), once when a session opens
// w: (3, 3, C, K)   u: (SIZE SIZE, C, K), SIZE = TILE + 2   K a multiple of 4
// lib: linearId
// One invocation transforms one input channel's weights for four output channels. G is Toom-Cook's, as
// src/kernels/winograd.ts derives it. w is never f16: what is stored as f16 is rounded once.

const TILE = 4u; // 2 or 4
const WORKGROUP = 64u;

const SIZE = TILE + 2u;
const ROOT = sqrt(2.0);
const HALF = sqrt(0.5);

// Sizes come at run time: one pipeline serves all layers.
struct Params { C: u32, K: u32 }

alias Line = array<vec4f, 6>;

alias UElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> u: array<vec4<UElement>>;

// G g: SIZE values at the start of the result.
fn transform(g0: vec4f, g1: vec4f, g2: vec4f) -> Line {
  if (TILE == 2u) {
    let even = 0.5 * (g0 + g2);
    let odd = 0.5 * g1;
    return Line(g0, even + odd, even - odd, g2, vec4f(), vec4f());
  }
  let even1 = (-2.0 / 3.0) * (g0 + 0.5 * g2);
  let even2 = (1.0 / 6.0) * (g0 + 2.0 * g2);
  let odd1 = (-2.0 / 3.0 * HALF) * g1;
  let odd2 = (ROOT / 6.0) * g1;
  return Line(g0, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, g2);
}

fn column(pair: u32, pairs: u32, j: u32) -> Line {
  return transform(w[j * pairs + pair], w[(3u + j) * pairs + pair], w[(6u + j) * pairs + pair]);
}

fn pop(line: Line) -> Line {
  return Line(line[1], line[2], line[3], line[4], line[5], line[5]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pair = linearId(group, local, groups, WORKGROUP);
  let pairs = params.C * params.K / 4u;
  if (pair >= pairs) { return; }
  var c0 = column(pair, pairs, 0u);
  var c1 = column(pair, pairs, 1u);
  var c2 = column(pair, pairs, 2u);
  for (var i = 0u; i < SIZE; i++) {
    let row = transform(c0[0], c1[0], c2[0]);
    let at = i * SIZE * pairs + pair;
    u[at] = vec4<UElement>(row[0]);
    u[at + pairs] = vec4<UElement>(row[1]);
    u[at + 2u * pairs] = vec4<UElement>(row[2]);
    u[at + 3u * pairs] = vec4<UElement>(row[3]);
    if (TILE == 4u) {
      u[at + 4u * pairs] = vec4<UElement>(row[4]);
      u[at + 5u * pairs] = vec4<UElement>(row[5]);
    }
    c0 = pop(c0); // no index depends on the loop, so that all stay in registers
    c1 = pop(c1);
    c2 = pop(c2);
  }
}

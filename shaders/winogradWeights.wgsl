// u = G w G^T   weights transform of Winograd's convolution F(TILE x TILE, 3 x 3), once when a session opens
// u: (SIZE SIZE, C, K), or with PACKED (SIZE SIZE, C/4, K, 4), SIZE = TILE + 2   K, with PACKED C too, a multiple of 4
// lib: linearId
// The weight of tap t, channel c and filter k is w[t STEP_T + c STEP_C + k STEP_K]: as files have it or as (3, 3, C, K).
// One invocation transforms the weights of one channel for four filters, with PACKED of four channels for one filter. G is
// Toom-Cook's, as src/kernels/winograd.ts derives it. w is never f16: what is stored as f16 is rounded once.

const TILE = 4u; // 2 or 4
const PACKED = false;
const WORKGROUP = 64u;

const SIZE = TILE + 2u;
const ROOT = sqrt(2.0);
const HALF = sqrt(0.5);

// Sizes come at run time: one pipeline serves all layers.
struct Params { C: u32, K: u32, STEP_T: u32, STEP_C: u32, STEP_K: u32 }

alias Line = array<vec4f, 6>;

alias UElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
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

fn load(at: u32, step: u32) -> vec4f {
  return vec4f(w[at], w[at + step], w[at + 2u * step], w[at + 3u * step]);
}

// Column j of the 3 x 3 taps, transformed.
fn column(at: u32, step: u32, j: u32) -> Line {
  let tap = params.STEP_T;
  return transform(load(at + j * tap, step), load(at + (3u + j) * tap, step), load(at + (6u + j) * tap, step));
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
  let filters = select(params.K / 4u, params.K, PACKED);
  let step = select(params.STEP_K, params.STEP_C, PACKED);
  let wide = select(vec2u(1u, 4u), vec2u(4u, 1u), PACKED);
  let first = wide.x * (pair / filters) * params.STEP_C + wide.y * (pair % filters) * params.STEP_K;
  var c0 = column(first, step, 0u);
  var c1 = column(first, step, 1u);
  var c2 = column(first, step, 2u);
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

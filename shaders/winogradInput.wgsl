// v = B^T d B   input transform of Winograd's convolution F(TILE x TILE, 3 x 3)
// x: (N, H, W, C)   v: (SIZE SIZE, N TILES_H TILES_W, C), SIZE = TILE + 2   C a multiple of 4
// lib: linearId
// d is the SIZE x SIZE window of x, zero in the padding, that TILE x TILE outputs of a convolution with stride 1 see. One
// invocation transforms one window of four channels. B is Toom-Cook's for the points 0, 1, -1, infinity (TILE 2) and 0,
// +-sqrt(1/2), +-sqrt(2), infinity (TILE 4), as src/kernels/winograd.ts derives it.

const TILE = 4u; // 2 or 4
const WORKGROUP = 64u;

const SIZE = TILE + 2u;
const ROOT = sqrt(2.0);
const HALF = sqrt(0.5);

// Sizes come at run time: one pipeline serves all layers.
struct Params { N: u32, H: u32, W: u32, C: u32, OH: u32, OW: u32, PAD_H: u32, PAD_W: u32 }

alias Line = array<vec4f, 6>;

alias XElement = f32;
alias VElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<VElement>>;

fn load(start: i32, h: i32, column: i32, inside: bool) -> vec4f {
  let within = inside && u32(h) < params.H;
  let index = start + (h * i32(params.W) + column) * i32(params.C / 4u);
  return select(vec4f(), vec4f(x[u32(select(0, index, within))]), within);
}

// B^T d for one line of the window: SIZE values at the end of d, SIZE values at the start of the result.
fn transform(d: Line) -> Line {
  if (TILE == 2u) { return Line(d[2] - d[4], d[3] + d[4], d[4] - d[3], d[5] - d[3], vec4f(), vec4f()); }
  let even1 = d[4] - 2.0 * d[2];
  let even2 = d[4] - 0.5 * d[2];
  let odd1 = HALF * d[3] - ROOT * d[1];
  let odd2 = ROOT * d[3] - HALF * d[1];
  let first = d[0] - 2.5 * d[2] + d[4];
  let last = d[1] - 2.5 * d[3] + d[5];
  return Line(first, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, last);
}

// The window's column that begins at (h, w), transformed.
fn column(start: i32, h: i32, w: i32) -> Line {
  let inside = u32(w) < params.W;
  var d: Line;
  if (TILE == 4u) {
    d[0] = load(start, h, w, inside);
    d[1] = load(start, h + 1, w, inside);
  }
  let next = h + i32(TILE) - 2;
  d[2] = load(start, next, w, inside);
  d[3] = load(start, next + 1, w, inside);
  d[4] = load(start, next + 2, w, inside);
  d[5] = load(start, next + 3, w, inside);
  return transform(d);
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
  let id = linearId(group, local, groups, WORKGROUP);
  let channels = params.C / 4u;
  let high = (params.OH + TILE - 1u) / TILE;
  let wide = (params.OW + TILE - 1u) / TILE;
  let tiles = params.N * high * wide;
  let tile = id / channels;
  if (tile >= tiles) { return; }
  let channel = id % channels;
  let start = i32((tile / (high * wide)) * params.H * params.W * channels + channel);
  let h = i32(((tile / wide) % high) * TILE) - i32(params.PAD_H);
  let w = i32((tile % wide) * TILE) - i32(params.PAD_W);
  let step = tiles * channels; // from one product's matrix to the next
  // Columns move up from c5 to c0 and rows from [5] to [0]: no index depends on a loop, so that all stay in registers,
  // while loops keep the code short enough for a software adapter's instruction cache.
  var c0: Line;
  var c1: Line;
  var c2: Line;
  var c3: Line;
  var c4: Line;
  var c5: Line;
  for (var j = 0; j < i32(SIZE); j++) {
    c0 = c1;
    c1 = c2;
    c2 = c3;
    c3 = c4;
    c4 = c5;
    c5 = column(start, h, w + j);
  }
  for (var i = 0u; i < SIZE; i++) {
    let row = transform(Line(c0[0], c1[0], c2[0], c3[0], c4[0], c5[0]));
    let at = i * SIZE * step + tile * channels + channel;
    v[at] = vec4<VElement>(row[0]);
    v[at + step] = vec4<VElement>(row[1]);
    v[at + 2u * step] = vec4<VElement>(row[2]);
    v[at + 3u * step] = vec4<VElement>(row[3]);
    if (TILE == 4u) {
      v[at + 4u * step] = vec4<VElement>(row[4]);
      v[at + 5u * step] = vec4<VElement>(row[5]);
    }
    c0 = pop(c0);
    c1 = pop(c1);
    c2 = pop(c2);
    c3 = pop(c3);
    c4 = pop(c4);
    c5 = pop(c5);
  }
}

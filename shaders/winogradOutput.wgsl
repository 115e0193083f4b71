// y = activate(scale * (A^T m A) + shift + residual)   output transform of Winograd's convolution F(TILE x TILE, 3 x 3)
// m: (SIZE SIZE, N TILES_H TILES_W, K), SIZE = TILE + 2   scale, shift: (K)   residual, y: (N, OH, OW, K)
// lib: activate, linearId
// K is a multiple of 4. One invocation makes TILE x TILE positions of four channels. A is Toom-Cook's, as
// src/kernels/winograd.ts derives it.

const TILE = 4u; // 2 or 4
const RESIDUAL = false;
const ACTIVATION = 0u;
const WORKGROUP = 64u;

const SIZE = TILE + 2u;
const ROOT = sqrt(2.0);
const HALF = sqrt(0.5);

// Sizes come at run time: one pipeline serves all layers.
struct Params { N: u32, OH: u32, OW: u32, K: u32 }

alias Line = array<vec4f, 6>;
alias Outputs = array<vec4f, 4>;

alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> m: array<vec4f>;
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;
@group(0) @binding(3) var<storage, read> shift: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<YElement>>;

// A^T d for one line: SIZE values at the end of d, TILE values at the start of the result.
fn transform(d: Line) -> Outputs {
  if (TILE == 2u) { return Outputs(d[2] + d[3] + d[4], d[3] - d[4] + d[5], vec4f(), vec4f()); }
  let even1 = d[1] + d[2];
  let even2 = d[3] + d[4];
  let odd1 = HALF * (d[1] - d[2]);
  let odd2 = ROOT * (d[3] - d[4]);
  return Outputs(d[0] + even1 + even2, odd1 + odd2, 0.5 * even1 + 2.0 * even2, 0.5 * odd1 + 2.0 * odd2 + d[5]);
}

// The tile's column of m that begins at `start`, transformed; `step` leads to the next row.
fn column(start: u32, step: u32) -> Outputs {
  var at = start;
  var d: Line;
  if (TILE == 4u) {
    d[0] = m[at];
    d[1] = m[at + step];
    at += 2u * step;
  }
  d[2] = m[at];
  d[3] = m[at + step];
  d[4] = m[at + 2u * step];
  d[5] = m[at + 3u * step];
  return transform(d);
}

fn pop(outputs: Outputs) -> Outputs {
  return Outputs(outputs[1], outputs[2], outputs[3], outputs[3]);
}

// One position of the output; columns past the map's right edge are left out.
fn store(line: u32, column: u32, channel: u32, sum: vec4f, factor: vec4f, offset: vec4f) {
  if (column >= params.OW) { return; }
  let index = (line + column) * (params.K / 4u) + channel;
  var v = sum * factor + offset;
  if (RESIDUAL) { v += vec4f(residual[index]); }
  y[index] = vec4<YElement>(activate(v, ACTIVATION));
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let channels = params.K / 4u;
  let high = (params.OH + TILE - 1u) / TILE;
  let wide = (params.OW + TILE - 1u) / TILE;
  let tiles = params.N * high * wide;
  let tile = id / channels;
  if (tile >= tiles) { return; }
  let channel = id % channels;
  let h = ((tile / wide) % high) * TILE;
  let w = (tile % wide) * TILE;
  let start = tile * channels + channel;
  let step = tiles * channels; // from one product's matrix to the next
  // As in winogradInput.wgsl: columns move up from c5 to c0, rows from [3] to [0].
  var c0: Outputs;
  var c1: Outputs;
  var c2: Outputs;
  var c3: Outputs;
  var c4: Outputs;
  var c5: Outputs;
  for (var j = 0u; j < SIZE; j++) {
    c0 = c1;
    c1 = c2;
    c2 = c3;
    c3 = c4;
    c4 = c5;
    c5 = column(start + j * step, SIZE * step);
  }
  let factor = scale[channel];
  let offset = shift[channel];
  let rows = min(TILE, params.OH - h);
  let top = (tile / (high * wide)) * params.OH + h;
  for (var i = 0u; i < rows; i++) {
    let outputs = transform(Line(c0[0], c1[0], c2[0], c3[0], c4[0], c5[0]));
    let line = (top + i) * params.OW;
    store(line, w, channel, outputs[0], factor, offset);
    store(line, w + 1u, channel, outputs[1], factor, offset);
    if (TILE == 4u) {
      store(line, w + 2u, channel, outputs[2], factor, offset);
      store(line, w + 3u, channel, outputs[3], factor, offset);
    }
    c0 = pop(c0);
    c1 = pop(c1);
    c2 = pop(c2);
    c3 = pop(c3);
    c4 = pop(c4);
    c5 = pop(c5);
  }
}

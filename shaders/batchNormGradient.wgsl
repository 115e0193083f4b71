// dx = gamma / sqrt(variance + EPS) (g - sums[0] / ROWS - xhat sums[1] / ROWS), g = dy activate'(y)
// xhat = (x - mean) / sqrt(variance + EPS)   dy, y, x, dx: (ROWS, C)   statistics: (2, C) mean, variance   gamma: (C)
// sums: (2, C) of g and of g xhat over all rows
// lib: channelQuads, linearId, slope
// The second pass of a batch norm's gradient, with the path through its statistics. Without ACTIVATION y is not read.

const EPS = 1e-5f;
const ACTIVATION = 0u;
const RAGGED = false;
const EACH = 4u;
const WORKGROUP = 64u;

struct Params { ROWS: u32, C: u32 }

alias YElement = f32;
alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4<YElement>>;
@group(0) @binding(3) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> gamma: array<f32>;
@group(0) @binding(6) var<storage, read> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<vec4f>;

// dx = scale (g - shift - (x - mean) slant)
struct Norm { mean: vec4f, scale: vec4f, shift: vec4f, slant: vec4f }

fn sumOf(at: vec4u) -> vec4f {
  return vec4f(sums[at.x], sums[at.y], sums[at.z], sums[at.w]) / f32(params.ROWS);
}

fn normOf(channels: vec4u) -> Norm {
  let gammas = vec4f(gamma[channels.x], gamma[channels.y], gamma[channels.z], gamma[channels.w]);
  let inverse = inverseSqrt(statistic(params.C + channels) + EPS);
  return Norm(statistic(channels), gammas * inverse, sumOf(channels), inverse * sumOf(params.C + channels));
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let quads = (params.ROWS * params.C + 3u) / 4u;
  let first = firstQuad(id);
  var norm = normOf(channelsAt(first));
  for (var i = 0u; i < EACH; i++) {
    let quad = first + i * quadStep();
    if (quad >= quads) { break; }
    if (RAGGED) { norm = normOf(channelsAt(quad)); }
    var g = dy[quad];
    if (ACTIVATION > 0u) { g *= slope(vec4f(y[quad]), ACTIVATION); }
    dx[quad] = norm.scale * (g - norm.shift - (vec4f(x[quad]) - norm.mean) * norm.slant);
  }
}

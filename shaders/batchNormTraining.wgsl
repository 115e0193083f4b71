// y = activate((x - mean) / sqrt(variance + EPS) * gamma + beta + residual)   with the statistics of the batch itself
// x, residual, y: (ROWS, C)   statistics: (2, C) mean, variance   gamma, beta: (C)
// lib: activate, channelQuads, linearId
// An invocation takes a quad of channels in EACH rows, so that what belongs to the channels is loaded once.

const EPS = 1e-5f;
const RESIDUAL = false;
const ACTIVATION = 0u;
const RAGGED = false;
const EACH = 4u;
const WORKGROUP = 64u;

struct Params { ROWS: u32, C: u32 }

alias XElement = f32;
alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<YElement>>;

struct Norm { mean: vec4f, scale: vec4f, shift: vec4f }

fn normOf(channels: vec4u) -> Norm {
  let gammas = vec4f(gamma[channels.x], gamma[channels.y], gamma[channels.z], gamma[channels.w]);
  let shift = vec4f(beta[channels.x], beta[channels.y], beta[channels.z], beta[channels.w]);
  return Norm(statistic(channels), gammas * inverseSqrt(statistic(params.C + channels) + EPS), shift);
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
    var v = (vec4f(x[quad]) - norm.mean) * norm.scale + norm.shift;
    if (RESIDUAL) { v += vec4f(residual[quad]); }
    y[quad] = vec4<YElement>(activate(v, ACTIVATION));
  }
}

// partial[s] = sum of g, and of g (x - mean) / sqrt(variance + EPS), over slice s of the rows, g = dy activate'(y)
// dy, y, x: (ROWS, C)   statistics: (2, C) mean, variance   partial: (SLICES, 2, C)
// lib: channelPairs, linearId, slope
// The first pass of a batch norm's gradient; added up (sumRows) they are those of beta and gamma. RAGGED: C is no multiple
// of 4. Without ACTIVATION y is not read.

const EPS = 1e-5f;
const ACTIVATION = 0u;
const COLUMNS = 16u;
const LANES = 1u;
const RAGGED = false;

const INVOCATIONS = COLUMNS * LANES;

struct Params { ROWS: u32, C: u32, SLICE: u32 }

alias YElement = f32;
alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4<YElement>>;
@group(0) @binding(3) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

struct Values { g: vec4f, x: vec4f }

fn loadQuad(i: u32) -> Values {
  if (ACTIVATION == 0u) { return Values(dy[i], vec4f(x[i])); }
  return Values(dy[i] * slope(vec4f(y[i]), ACTIVATION), vec4f(x[i]));
}

fn element(i: u32) -> vec2f {
  let values = loadQuad(i / 4u);
  return vec2f(values.g[i % 4u], values.x[i % 4u]);
}

fn load(row: u32, quad: u32) -> Values {
  if (!RAGGED) { return loadQuad(row * (params.C / 4u) + quad); }
  let at = row * params.C + channelsOf(quad);
  let both = mat4x2f(element(at.x), element(at.y), element(at.z), element(at.w));
  return Values(vec4f(both[0].x, both[1].x, both[2].x, both[3].x), vec4f(both[0].y, both[1].y, both[2].y, both[3].y));
}

fn statistic(at: vec4u) -> vec4f {
  return vec4f(statistics[at.x], statistics[at.y], statistics[at.z], statistics[at.w]);
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let part = partOf(linearId(group, 0u, groups, 1u), local);
  let quad = min(part.quad, (params.C - 1u) / 4u);
  let mean = statistic(channelsOf(quad));
  var sum = vec4f();
  var products = vec4f();
  for (var row = part.start + part.lane; row < part.end; row += LANES) {
    let values = load(row, quad);
    sum += values.g;
    products += values.g * (values.x - mean);
  }
  let all = meet(local, Pair(sum, products));
  let variance = statistic(params.C + channelsOf(quad));
  storePair(part, Pair(all.first, all.second * inverseSqrt(variance + EPS)));
}

// partial[s] = mean and biased variance of each channel over slice s of the rows   x: (ROWS, C)   partial: (SLICES, 2, C)
// lib: channelPairs, linearId
// The first pass over all positions of all images. What is summed is the distance from the slice's first row: sums of
// squares of the values themselves would cancel where the mean is large. RAGGED: C is no multiple of 4.

const COLUMNS = 16u;
const LANES = 1u;
const RAGGED = false;

const INVOCATIONS = COLUMNS * LANES;

struct Params { ROWS: u32, C: u32, SLICE: u32 }

alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<XElement>>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

fn element(i: u32) -> f32 {
  return f32(x[i / 4u][i % 4u]);
}

fn load(row: u32, quad: u32) -> vec4f {
  if (!RAGGED) { return vec4f(x[row * (params.C / 4u) + quad]); }
  let at = row * params.C + channelsOf(quad);
  return vec4f(element(at.x), element(at.y), element(at.z), element(at.w));
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let part = partOf(linearId(group, 0u, groups, 1u), local);
  let quad = min(part.quad, (params.C - 1u) / 4u);
  let origin = load(part.start, quad);
  var sum = vec4f();
  var squares = vec4f();
  for (var row = part.start + part.lane; row < part.end; row += LANES) {
    let distance = load(row, quad) - origin;
    sum += distance;
    squares += distance * distance;
  }
  let all = meet(local, Pair(sum, squares));
  let count = f32(part.end - part.start);
  let mean = all.first / count;
  storePair(part, Pair(origin + mean, max(all.second / count - mean * mean, vec4f())));
}

// statistics = mean and biased variance over all rows, from those of the slices   partial: (SLICES, 2, C)   statistics: (2, C)
// lib: linearId
// The second pass. The variance of a slice counts from the mean of its own, so what that is off by is added squared.
// A workgroup takes COLUMNS channels, whose slices are dealt out to LANES invocations each and put together in order.

const COLUMNS = 16u;
const LANES = 1u;

const INVOCATIONS = COLUMNS * LANES;

// SLICE rows each, in the last slice those that are left.
struct Params { ROWS: u32, C: u32, SLICE: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;

var<workgroup> sums: array<vec2f, INVOCATIONS>; // [lane][column]

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let channel = linearId(group, local % COLUMNS, groups, COLUMNS);
  let at = min(channel, params.C - 1u);
  let lane = local / COLUMNS;
  let slices = (params.ROWS + params.SLICE - 1u) / params.SLICE;
  let origin = partial[at];
  var sum = vec2f(); // of distances from the first slice's mean, and of their squares
  for (var slice = lane; slice < slices; slice += LANES) {
    let count = f32(min(params.SLICE, params.ROWS - slice * params.SLICE));
    let distance = partial[slice * 2u * params.C + at] - origin;
    let variance = partial[(slice * 2u + 1u) * params.C + at];
    sum += count * vec2f(distance, variance + distance * distance);
  }
  if (LANES > 1u) {
    sums[local] = sum;
    workgroupBarrier();
    if (lane == 0u) {
      for (var other = 1u; other < LANES; other++) { sum += sums[other * COLUMNS + local]; }
    }
  }
  if (lane > 0u || channel >= params.C) { return; }
  let mean = sum / f32(params.ROWS);
  statistics[channel] = origin + mean.x;
  statistics[params.C + channel] = max(mean.y - mean.x * mean.x, 0.0);
}

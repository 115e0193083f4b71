// y = the sum of all rows of x, in order   x: (ROWS, C)   y: (C)   any sizes
// lib: linearId
// A workgroup takes COLUMNS columns, whose rows are dealt out to LANES invocations each; their sums meet in workgroup
// memory and are added in order. LANES 1: no barrier.

const COLUMNS = 16u;
const LANES = 1u;

const INVOCATIONS = COLUMNS * LANES;

struct Params { ROWS: u32, C: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, INVOCATIONS>; // [lane][column]

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let column = linearId(group, local % COLUMNS, groups, COLUMNS);
  let lane = local / COLUMNS;
  var sum = 0.0;
  for (var row = lane; row < params.ROWS; row += LANES) { sum += x[row * params.C + min(column, params.C - 1u)]; }
  if (LANES > 1u) {
    sums[local] = sum;
    workgroupBarrier();
    if (lane == 0u) {
      for (var other = 1u; other < LANES; other++) { sum += sums[other * COLUMNS + local]; }
    }
  }
  if (lane == 0u && column < params.C) { y[column] = sum; }
}

// y = (mean over rows of first + mean over rows of second) / 2   the weight that others give each position of a branch
// lib: linearId
// first: (N, FIRST_ROWS, ROW)   second: (N, SECOND_ROWS, ROW)   y: (N, P), P <= ROW: the columns past P are padding

const N = 1u;
const P = 1u;
const ROW = 4u;
const FIRST_ROWS = 1u;
const SECOND_ROWS = 1u;
const WORKGROUP = 64u;

alias FirstElement = f32;
alias SecondElement = f32;

@group(0) @binding(0) var<storage, read> first: array<FirstElement>;
@group(0) @binding(1) var<storage, read> second: array<SecondElement>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= N * P) { return; }
  let image = id / P;
  let position = id % P;
  var sum1 = 0.0;
  for (var row = 0u; row < FIRST_ROWS; row++) { sum1 += f32(first[(image * FIRST_ROWS + row) * ROW + position]); }
  var sum2 = 0.0;
  for (var row = 0u; row < SECOND_ROWS; row++) { sum2 += f32(second[(image * SECOND_ROWS + row) * ROW + position]); }
  y[id] = 0.5 * (sum1 / f32(FIRST_ROWS) + sum2 / f32(SECOND_ROWS));
}

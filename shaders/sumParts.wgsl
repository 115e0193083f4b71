// y = 0 but for y[INDEX] = sum of parts   parts: (COUNT)   y: (LENGTH)
// The ordered second pass of a reduction, in one workgroup: each invocation adds up every WORKGROUP-th part, the first
// then their sums.

const WORKGROUP = 64u;

struct Params { COUNT: u32, LENGTH: u32, INDEX: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.COUNT; i += WORKGROUP) { sum += parts[i]; }
  sums[local] = sum;
  workgroupBarrier();
  if (local > 0u) { return; }
  for (var i = 1u; i < WORKGROUP; i++) { sum += sums[i]; }
  for (var i = 0u; i < params.LENGTH; i++) { y[i] = select(0.0, sum, i == params.INDEX); }
}

// y = activate(scale * (sums[0] + sums[1] + ...) + shift + residual)   the ordered second pass of a sliced convolution
// sums: (SLICES, M, K)   scale, shift: (K)   residual, y: (M, K)   K a multiple of 4
// lib: activate, convStore, linearId
// The slices are added in order, so that results do not depend on which workgroup was done first. They are never f16: a
// sum is rounded once, and only behind its batch norm.

const SLICES = 2u;
const M = 1u;
const K = 4u;
const RESIDUAL = false;
const ACTIVATION = 0u;
const WORKGROUP = 64u;

const K4 = K / 4u;

alias ResidualElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read> scale: array<vec4f>;
@group(0) @binding(2) var<storage, read> shift: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4<ResidualElement>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<YElement>>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= M * K4) { return; }
  var sum = sums[id];
  for (var slice = 1u; slice < SLICES; slice++) { sum += sums[slice * M * K4 + id]; }
  store(id / K4, id % K4, sum);
}

// y = gamma[GAMMA] x   x, y: (SIZE), any shape, SIZE a multiple of 4   gamma: scalars of which one is used
// lib: linearId

const WORKGROUP = 64u;

struct Params { SIZE: u32, GAMMA: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= params.SIZE / 4u) { return; }
  y[id] = gamma[params.GAMMA] * x[id];
}

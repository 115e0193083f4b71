// y = activate(x)   x, y: (SIZE), any shape
// lib: activate, linearId

const SIZE = 1u;
const ACTIVATION = 1u;
const WORKGROUP = 64u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= SIZE) { return; }
  y[id] = activate(vec4f(x[id]), ACTIVATION).x;
}

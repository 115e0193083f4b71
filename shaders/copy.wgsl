// y = x   x, y: (GROUPS * WORKGROUP * STEPS) vec4f
// lib: linearId
// Moves memory and computes nothing, so its speed is the adapter's ceiling for bandwidth. Neighbouring invocations touch
// neighbouring vectors in each of the STEPS.

const WORKGROUP = 64u;
const GROUPS = 64u;
const STEPS = 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= GROUPS * WORKGROUP) { return; }
  for (var step = 0u; step < STEPS; step++) {
    let i = step * (GROUPS * WORKGROUP) + id;
    y[i] = x[i];
  }
}

// y[:, OFFSET .. OFFSET + C] = x   x: (ROWS, C)   y: (ROWS, TOTAL), the rest of y stays as it is
// lib: linearId

const ROWS = 1u;
const C = 1u;
const OFFSET = 0u;
const TOTAL = 1u;
const WORKGROUP = 64u;

alias XElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> x: array<XElement>;
@group(0) @binding(1) var<storage, read_write> y: array<YElement>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= ROWS * C) { return; }
  y[(id / C) * TOTAL + OFFSET + id % C] = YElement(x[id]);
}

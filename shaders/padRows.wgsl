// y[r] = x[r] followed by zeros   x: (ROWS, FROM)   y: (ROWS, TO)   TO >= FROM
// lib: linearId
// Brings channel counts up to a multiple of 4: of activations (N H W, C) and of weights seen as (KH KW, C K).

const ROWS = 1u;
const FROM = 3u;
const TO = 4u;
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
  if (id >= ROWS * TO) { return; }
  let column = id % TO;
  let value = f32(x[(id / TO) * FROM + min(column, FROM - 1u)]);
  y[id] = YElement(select(0.0, value, column < FROM));
}

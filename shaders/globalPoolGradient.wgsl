// dx = dy at the first maximum of x, else 0; or of the mean: dy / P   x, dx: (N, P, C), P = H * W   y, dy: (N, C)
// lib: linearId
// An invocation goes over the positions of one channel; y is the maximum that was found before.

const MAXIMUM = false;
const WORKGROUP = 64u;

struct Params { N: u32, P: u32, C: u32 }

alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<XElement>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= params.N * params.C) { return; }
  let start = (id / params.C) * params.P * params.C + id % params.C;
  if (!MAXIMUM) {
    let share = dy[id] / f32(params.P);
    for (var position = 0u; position < params.P; position++) { dx[start + position * params.C] = share; }
    return;
  }
  let maximum = y[id];
  var rest = dy[id];
  for (var position = 0u; position < params.P; position++) {
    let i = start + position * params.C;
    let isHere = f32(x[i]) == maximum;
    dx[i] = select(0.0, rest, isHere);
    rest = select(rest, 0.0, isHere);
  }
}

// dx = (dy + other) activate'(y), from the activation's value y   dy, other, y, dx: (4 QUADS), any shape
// lib: linearId, slope
// SUM: y has two users, whose gradients are added here instead of by themselves. Else there is no other.

const ACTIVATION = 1u;
const SUM = false;
const EACH = 4u;
const WORKGROUP = 64u;

struct Params { QUADS: u32 }

alias YElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> other: array<vec4f>;
@group(0) @binding(3) var<storage, read> y: array<vec4<YElement>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linearId(group, local, groups, WORKGROUP) * EACH;
  for (var i = first; i < first + EACH; i++) {
    if (i >= params.QUADS) { break; }
    var d = dy[i];
    if (SUM) { d += other[i]; }
    dx[i] = d * slope(vec4f(y[i]), ACTIVATION);
  }
}

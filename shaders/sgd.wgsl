// velocity = MOMENTUM velocity + gradient + WEIGHT_DECAY weight;  weight -= rate[INDEX] velocity, both in place
// gradient, weight, velocity: (4 QUADS), any shape   rate: (INDEX + 1 or more)   guard: (1)
// lib: finite, linearId
// torch.optim.SGD. Where guard is infinite or NaN nothing changes.

const EACH = 4u;
const WORKGROUP = 64u;

struct Params { QUADS: u32, INDEX: u32, MOMENTUM: f32, WEIGHT_DECAY: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read> rate: array<f32>;
@group(0) @binding(3) var<storage, read> guard: array<f32>;
@group(0) @binding(4) var<storage, read_write> weight: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> velocity: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  if (!finite(guard[0])) { return; }
  let step = rate[params.INDEX];
  let first = linearId(group, local, groups, WORKGROUP) * EACH;
  for (var i = first; i < first + EACH; i++) {
    if (i >= params.QUADS) { break; }
    let w = weight[i];
    let v = params.MOMENTUM * velocity[i] + (gradient[i] + params.WEIGHT_DECAY * w);
    velocity[i] = v;
    weight[i] = w - step * v;
  }
}

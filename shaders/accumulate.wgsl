// sum = sum + gradient where keep > 0, else gradient, in place   sum, gradient: (4 QUADS), any shape   keep: (1)
// lib: linearId
// A choice, not a product: what stood in sum before does not matter, were it NaN.

const EACH = 4u;
const WORKGROUP = 64u;

struct Params { QUADS: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read> keep: array<f32>;
@group(0) @binding(3) var<storage, read_write> sum: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let kept = keep[0] > 0.0;
  let first = linearId(group, local, groups, WORKGROUP) * EACH;
  for (var i = first; i < first + EACH; i++) {
    if (i >= params.QUADS) { break; }
    sum[i] = select(gradient[i], sum[i] + gradient[i], kept);
  }
}

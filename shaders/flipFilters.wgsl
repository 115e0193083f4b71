// y[TAPS - 1 - t, k, c] = w[t, c, k]   w: (TAPS, C, K)   y: (TAPS, K, C)   C and K multiples of 4
// lib: linearId
// Filters turned round in space and between their channels: with them a convolution of dy gives the gradient of x. One
// invocation a block of 4 x 4.

const WORKGROUP = 64u;

struct Params { TAPS: u32, C: u32, K: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let K4 = params.K / 4u;
  let id = linearId(group, local, groups, WORKGROUP);
  let k = id % K4;
  let c = (id / K4) % C4;
  let tap = id / (K4 * C4);
  if (tap >= params.TAPS) { return; }
  let at = (tap * params.C + c * 4u) * K4 + k;
  let turned = transpose(mat4x4f(w[at], w[at + K4], w[at + 2u * K4], w[at + 3u * K4]));
  let backwards = params.TAPS - (tap + 1u);
  let start = (backwards * params.K + k * 4u) * C4 + c;
  y[start] = turned[0];
  y[start + C4] = turned[1];
  y[start + 2u * C4] = turned[2];
  y[start + 3u * C4] = turned[3];
}

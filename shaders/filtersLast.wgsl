// y[t, c, k] = x[k, c, t]   x: (K, C, T)   y: (T, C, K)   T: taps of a convolution's window, 1 for a matrix
// Brings weights from the order of files to the kernels': OIHW -> HWIO, (out, in) -> (in, out).
// Sizes come at run time: one pipeline serves all layers. Each invocation takes ROWS channels of one filter, so that what
// a cache fetches of x is used up; neighbours write neighbours.

struct Params { K: u32, C: u32, T: u32 }

const ROWS = 16u;
const WORKGROUP = 64u;

alias YElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<YElement>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = group.x;
  let k = group.y * WORKGROUP + local;
  if (k >= params.K) { return; }
  let first = group.z * ROWS;
  let end = min(first + ROWS, params.C);
  for (var c = first; c < end; c++) {
    y[(t * params.C + c) * params.K + k] = YElement(x[(k * params.C + c) * params.T + t]);
  }
}

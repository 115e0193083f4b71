// y[t, c, k] = x[t STEP_T + c STEP_C + k STEP_K]   y: (T, C, K), with PACKED (T, C/4, K, 4)   T: taps of a window, 1 for a matrix
// Brings weights from the order of files, (K, C, T), to the kernels': OIHW -> HWIO, (out, in) -> (in, out); and from either to
// what conv2dQuad loads best, 4 depths of a channel together. Sizes come at run time: one pipeline serves all layers. Each
// invocation takes ROWS channels of one filter, so that what a cache fetches of x is used up; neighbours write neighbours.

struct Params { K: u32, C: u32, T: u32, STEP_T: u32, STEP_C: u32, STEP_K: u32, PACKED: u32 }

const ROWS = 16u;
const WORKGROUP = 64u;

alias XElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<XElement>;
@group(0) @binding(2) var<storage, read_write> y: array<YElement>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = group.x;
  let k = group.y * WORKGROUP + local;
  if (k >= params.K) { return; }
  let part = select(1u, 4u, params.PACKED == 1u); // channels that lie together
  let first = group.z * ROWS;
  let end = min(first + ROWS, params.C);
  let start = t * params.STEP_T + k * params.STEP_K;
  for (var c = first; c < end; c++) {
    let at = ((t * params.C + c - c % part) * params.K + k * part) + c % part;
    y[at] = YElement(x[start + c * params.STEP_C]);
  }
}

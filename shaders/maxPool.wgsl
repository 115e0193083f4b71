// y = maximum over a window of x, 2-D max pooling   x: (N, H, W, C)   y: (N, OH, OW, C)   any C
// lib: linearId
// Padding counts as -inf. It is never wider than half the window, so a tap in the padding can read the nearest row or
// column of x instead: that one is in the window too.

const N = 1u;
const H = 1u;
const W = 1u;
const C = 4u;
const OH = 1u;
const OW = 1u;
const KH = 1u;
const KW = 1u;
const STRIDE_H = 1u;
const STRIDE_W = 1u;
const PAD_H = 0u;
const PAD_W = 0u;
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
  if (id >= N * OH * OW * C) { return; }
  let c = id % C;
  let position = id / C;
  let top = i32(((position / OW) % OH) * STRIDE_H) - i32(PAD_H);
  let left = i32((position % OW) * STRIDE_W) - i32(PAD_W);
  let image = position / (OW * OH) * H;
  var magnitude = 0u; // the largest, in bits: above that of infinity where there is a NaN, which max may drop
  var maximum = f32(x[((image + u32(max(top, 0))) * W + u32(max(left, 0))) * C + c]);
  for (var kh = 0u; kh < KH; kh++) {
    let row = (image + u32(clamp(top + i32(kh), 0, i32(H) - 1))) * W;
    for (var kw = 0u; kw < KW; kw++) {
      let column = u32(clamp(left + i32(kw), 0, i32(W) - 1));
      let v = f32(x[(row + column) * C + c]);
      maximum = max(maximum, v);
      magnitude = max(magnitude, bitcast<u32>(v) & 0x7fffffffu);
    }
  }
  y[id] = YElement(select(maximum, bitcast<f32>(magnitude), magnitude > 0x7f800000u));
}

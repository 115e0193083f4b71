// y = where the maximum over a window of x is: h * W + w, of equal values the first   x: (N, H, W, C)   y: (N, OH, OW, C)
// lib: linearId
// Padding counts as -inf; it is never wider than half the window, so that every window holds a position of x.

const WORKGROUP = 64u;

struct Params {
  N: u32, H: u32, W: u32, C: u32, OH: u32, OW: u32,
  KH: u32, KW: u32, STRIDE_H: u32, STRIDE_W: u32, PAD_H: u32, PAD_W: u32,
}

alias XElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<XElement>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= params.N * params.OH * params.OW * params.C) { return; }
  let c = id % params.C;
  let position = id / params.C;
  let top = i32(((position / params.OW) % params.OH) * params.STRIDE_H) - i32(params.PAD_H);
  let left = i32((position % params.OW) * params.STRIDE_W) - i32(params.PAD_W);
  let start = position / (params.OW * params.OH) * params.H * params.W;
  let firstH = u32(max(top, 0));
  let firstW = u32(max(left, 0));
  let endH = u32(min(top + i32(params.KH), i32(params.H)));
  let endW = u32(min(left + i32(params.KW), i32(params.W)));
  var index = firstH * params.W + firstW;
  var maximum = f32(x[(start + index) * params.C + c]);
  for (var h = firstH; h < endH; h++) {
    for (var w = firstW; w < endW; w++) {
      let value = f32(x[(start + h * params.W + w) * params.C + c]);
      if (value > maximum) {
        maximum = value;
        index = h * params.W + w;
      }
    }
  }
  y[id] = index;
}

// dx = sum of dy over the windows whose maximum is here   dy, indices: (N, OH, OW, C)   dx: (N, H, W, C)
// lib: linearId
// indices: h * W + w of each window's maximum, as maxPoolIndices makes them. Every position of x looks at the windows that
// cover it, in order: no atomics.

const WORKGROUP = 64u;

struct Params {
  N: u32, H: u32, W: u32, C: u32, OH: u32, OW: u32,
  KH: u32, KW: u32, STRIDE_H: u32, STRIDE_W: u32, PAD_H: u32, PAD_W: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

// The first window along an axis that covers a place, counted from the start of the padding.
fn firstWindow(place: u32, kernel: u32, stride: u32) -> u32 {
  return select(0u, (place - min(place, kernel)) / stride + 1u, place >= kernel);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= params.N * params.H * params.W * params.C) { return; }
  let c = id % params.C;
  let pixel = id / params.C;
  let index = pixel % (params.H * params.W);
  let start = pixel / (params.H * params.W) * params.OH * params.OW;
  let placeH = index / params.W + params.PAD_H;
  let placeW = index % params.W + params.PAD_W;
  let firstH = firstWindow(placeH, params.KH, params.STRIDE_H);
  let firstW = firstWindow(placeW, params.KW, params.STRIDE_W);
  let endH = min(placeH / params.STRIDE_H + 1u, params.OH);
  let endW = min(placeW / params.STRIDE_W + 1u, params.OW);
  var sum = 0.0;
  for (var oh = firstH; oh < endH; oh++) {
    for (var ow = firstW; ow < endW; ow++) {
      let window = (start + oh * params.OW + ow) * params.C + c;
      sum += select(0.0, dy[window], indices[window] == index);
    }
  }
  dx[id] = sum;
}

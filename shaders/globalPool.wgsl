// y = mean or maximum of x over all positions   x: (N, P, C), P = H * W   y: (N, C)   any P and C
// lib: linearId
// A workgroup makes CHANNELS channels of one image. The positions are dealt out to SLICES invocations for each channel;
// their results meet in workgroup memory and are put together in order.

const N = 1u;
const P = 1u;
const C = 4u;
const MAXIMUM = false;
const CHANNELS = 64u;
const SLICES = 1u;

const TURNS = (P + SLICES - 1u) / SLICES;
const GROUPS_WIDE = (C + CHANNELS - 1u) / CHANNELS;
const INVOCATIONS = CHANNELS * SLICES;

alias XElement = f32;

@group(0) @binding(0) var<storage, read> x: array<XElement>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

var<workgroup> partial: array<f32, INVOCATIONS>; // [slice][channel]

// max may drop a NaN. By bits, for a compiler may take it that floats are finite: NaN's magnitude is above that of infinity.
fn combine(a: f32, b: f32) -> f32 {
  if (!MAXIMUM) { return a + b; }
  let magnitude = max(bitcast<u32>(a) & 0x7fffffffu, bitcast<u32>(b) & 0x7fffffffu);
  return select(max(a, b), bitcast<f32>(magnitude), magnitude > 0x7f800000u);
}

// One channel over the positions slice, slice + SLICES, ... of an image; a slice without any gives what changes nothing.
fn pool(image: u32, channel: u32, slice: u32) -> f32 {
  let start = image * P * C + channel;
  var result = select(0.0, f32(x[start]), MAXIMUM);
  for (var turn = 0u; turn < TURNS; turn++) {
    let position = turn * SLICES + slice;
    if (position >= P) { break; }
    result = combine(result, f32(x[start + position * C]));
  }
  return result;
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linearId(group, 0u, groups, 1u);
  let image = tile / GROUPS_WIDE;
  let channel = (tile % GROUPS_WIDE) * CHANNELS + local % CHANNELS;
  let inside = image < N && channel < C;
  var result = 0.0;
  if (inside) { result = pool(image, channel, local / CHANNELS); }
  if (SLICES > 1u) {
    partial[local] = result;
    workgroupBarrier();
    if (local < CHANNELS) {
      for (var slice = 1u; slice < SLICES; slice++) { result = combine(result, partial[slice * CHANNELS + local]); }
    }
  }
  if (inside && local < CHANNELS) { y[image * C + channel] = select(result / f32(P), result, MAXIMUM); }
}

// y[n, h, j] = row h of the window at column j: its KW pixels in a run, then zeros   x: (N, H, W, C)   y: (N, H + 2 PAD_H, OW, TO)
// lib: linearId
// torch.nn.functional.unfold along the rows: a convolution of C channels becomes one of TO >= KW C, a multiple of 4, without
// padding and with windows a column wide.

const N = 1u;
const H = 1u;
const W = 1u;
const C = 3u;
const OW = 1u;
const KW = 1u;
const STRIDE_W = 1u;
const PAD_H = 0u;
const PAD_W = 0u;
const DILATION_W = 1u;
const TO = 4u;
const WORKGROUP = 64u;

const ROWS = H + 2u * PAD_H;
const TO4 = TO / 4u;

alias XElement = f32;
alias YElement = f32;

@group(0) @binding(0) var<storage, read> x: array<XElement>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<YElement>>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= N * ROWS * OW * TO4) { return; }
  let window = id / TO4;
  let row = window / OW;
  let n = row / ROWS;
  let h = row - n * ROWS - PAD_H; // wraps round above x, and so is no row of it
  let i = 4u * (id - window * TO4) + vec4u(0u, 1u, 2u, 3u);
  var at = ((window - row * OW) * STRIDE_W - PAD_W) * C + i; // in the row of x; wraps round as well
  if (DILATION_W > 1u) { at += i / C * (DILATION_W - 1u) * C; }
  let inside = (i < vec4u(KW * C)) & (at < vec4u(W * C)) & vec4<bool>(h < H);
  let from = select(vec4u(), (n * H + h) * (W * C) + at, inside);
  y[id] = vec4<YElement>(
    select(vec4f(), vec4f(f32(x[from.x]), f32(x[from.y]), f32(x[from.z]), f32(x[from.w])), inside),
  );
}

// y = x within a border of zeros   x: (N, H, W, FROM)   y: (N, H + 2 PAD_H, W + 2 PAD_W, TO)   TO >= FROM
// lib: linearId
// Gives a convolution an input without padding, its channels a multiple of 4: the windows' rows are runs of memory.

const N = 1u;
const H = 1u;
const W = 1u;
const FROM = 3u;
const TO = 4u;
const PAD_H = 0u;
const PAD_W = 0u;
const WORKGROUP = 64u;

const ROWS = H + 2u * PAD_H;
const COLUMNS = W + 2u * PAD_W;

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
  if (id >= N * ROWS * COLUMNS * TO) { return; }
  let channel = id % TO;
  let w = (id / TO) % COLUMNS - PAD_W; // wraps round in the border, and so is no column of x
  let h = (id / (TO * COLUMNS)) % ROWS - PAD_H;
  let n = id / (TO * COLUMNS * ROWS);
  let inside = channel < FROM && w < W && h < H;
  let index = select(0u, ((n * H + h) * W + w) * FROM + channel, inside);
  y[id] = YElement(select(0.0, f32(x[index]), inside));
}

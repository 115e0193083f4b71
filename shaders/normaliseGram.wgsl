// y[i][j] = SCALE x[i][j] / (|i| |j|)   products of channels become products of unit channels   x, y: (MATRICES, C, C)
// lib: linearId
// The norm of channel i is the root of x[i][i], at least 1e-12.

const MATRICES = 1u;
const C = 1u;
const SCALE = 1.0;
const WORKGROUP = 64u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= MATRICES * C * C) { return; }
  let start = (id / (C * C)) * C * C;
  let i = (id / C) % C;
  let j = id % C;
  let normI = max(sqrt(x[start + i * (C + 1u)]), 1e-12);
  let normJ = max(sqrt(x[start + j * (C + 1u)]), 1e-12);
  y[id] = SCALE * (x[id] / normI / normJ);
}

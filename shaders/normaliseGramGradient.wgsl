// What y[i][j] = SCALE x[i][j] / (|i| |j|) hands back, |i| the root of x[i][i], at least 1e-12   x, dy, dx: (MATRICES, C, C)
// dx[i][j] = SCALE dy[i][j] / (|i| |j|), and on the diagonal, unless |i| is held at 1e-12, less
//   sum over j of (dy[i][j] y[i][j] + dy[j][i] y[j][i]) / (2 x[i][i])
// lib: linearId

const SCALE = 1.0;
const WORKGROUP = 64u;

struct Params { MATRICES: u32, C: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

fn norm(start: u32, i: u32) -> f32 {
  return max(sqrt(x[start + i * (params.C + 1u)]), 1e-12);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let C = params.C;
  if (id >= params.MATRICES * C * C) { return; }
  let start = (id / (C * C)) * C * C;
  let i = (id / C) % C;
  let j = id % C;
  let normI = norm(start, i);
  var d = SCALE * (dy[id] / normI / norm(start, j));
  if (i == j && normI > 1e-12) {
    var sum = 0.0;
    for (var k = 0u; k < C; k++) {
      let across = start + i * C + k;
      let down = start + k * C + i;
      sum += (dy[across] * x[across] + dy[down] * x[down]) / norm(start, k);
    }
    d -= SCALE * (0.5 * sum / normI / normI / normI);
  }
  dx[id] = d;
}

// masked, values, gain, hold, storeHeld: what the streaming attention kernels share. Buffers, knobs and StoredY are theirs.

// Scores of 4 sender positions from `position`; those past the end become the lowest float: their weight is 0.
fn masked(scores: vec4f, position: u32) -> vec4f {
  return select(vec4f(-3.4e38), scores, vec4u(position) + vec4u(0u, 1u, 2u, 3u) < vec4u(S));
}

// 4 channels at 4 sender positions: column i is position + i. Positions past the end repeat the last one.
fn values(start: u32, position: u32) -> mat4x4f {
  if (S % 4u == 0u) {
    let i = start + position * D4;
    return mat4x4f(vec4f(value[i]), vec4f(value[i + D4]), vec4f(value[i + 2u * D4]), vec4f(value[i + 3u * D4]));
  }
  return mat4x4f(
    vec4f(value[start + min(position, S - 1u) * D4]),
    vec4f(value[start + min(position + 1u, S - 1u) * D4]),
    vec4f(value[start + min(position + 2u, S - 1u) * D4]),
    vec4f(value[start + min(position + 3u, S - 1u) * D4]),
  );
}

fn gain() -> f32 {
  if (RESIDUAL == 0u) { return 1.0; }
  return gamma[GAMMA];
}

var<private> sums: array<vec4f, 16>; // of 16 rows, for 4 channels: a loop over them is quicker to compile than 16 stores

fn hold(row: u32, sum: mat4x4f) {
  sums[row] = sum[0];
  sums[row + 1u] = sum[1];
  sums[row + 2u] = sum[2];
  sums[row + 3u] = sum[3];
}

// Adds the held sums to y, the first time to what RESIDUAL says. Row i is held as row i ^ mix.
fn storeHeld(image: u32, firstRow: u32, channel: u32, isFirst: bool, mix: u32) {
  if (channel >= D4) { return; }
  for (var row = 0u; row < 16u; row++) {
    if (firstRow + row >= P) { break; }
    let index = (image * P + firstRow + row) * D4 + channel;
    var sum = sums[row ^ mix];
    if (RESIDUAL == 2u || !isFirst) {
      sum += vec4f(y[index]);
    } else if (RESIDUAL == 1u) {
      sum += vec4f(x[index]);
    }
    y[index] = StoredY(sum);
  }
}

// y[r, j] = pixel (firstRow + r, left + j) of the photo after resizing its width   photo: (height, width) packed RGBA8
// y: (ROWS, SIZE) packed RGB, 0 outside the resized photo and in rows that the vertical pass does not need
// lib: linearId, resample
// An invocation makes 4 rows of one column, so that its weights serve 4 times.

const PIXELS = 1u; // what photo holds at most
const ROWS = 4u;
const SIZE = 1u;
const CUBIC = false;
const WORKGROUP = 64u;

@group(0) @binding(0) var<storage, read> photo: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: Geometry;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn load(index: u32) -> vec3i {
  return channels(photo[min(index, PIXELS - 1u)]);
}

fn store(row: u32, column: u32, sum: vec3i) {
  if (row >= ROWS) { return; }
  let v = vec3u(grey(sum));
  y[row * SIZE + column] = select(0u, v.x | (v.y << 8u) | (v.z << 16u), row < geometry.rows);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let column = id % SIZE;
  let row = (id / SIZE) * 4u;
  if (row >= ROWS) { return; }
  let axis = geometry.horizontal;
  let inside = select(column, SIZE - 1u - column, geometry.flip == 1u) - axis.before; // wraps round to the left of it
  var sum0 = vec3i();
  var sum1 = vec3i();
  var sum2 = vec3i();
  var sum3 = vec3i();
  if (inside < axis.inside && row < geometry.rows) {
    let window = windowOf(axis, inside, CUBIC);
    let start = (geometry.firstRow + row) * axis.source + window.first;
    for (var i = 0u; i < window.count; i++) {
      let weight = coefficient(window, i, CUBIC);
      sum0 += weight * load(start + i);
      sum1 += weight * load(start + axis.source + i);
      sum2 += weight * load(start + 2u * axis.source + i);
      sum3 += weight * load(start + 3u * axis.source + i);
    }
  }
  store(row, column, sum0);
  store(row + 1u, column, sum1);
  store(row + 2u, column, sum2);
  store(row + 3u, column, sum3);
}

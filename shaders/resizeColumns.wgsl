// x[i, j, c] = pixel (top + i, j) of y after resizing its height * MULTIPLY_c + ADD_c
// y: (ROWS, SIZE) packed RGB, from resizeRows   x: (IMAGES, SIZE, SIZE, 3), of which it makes one, black outside the resized photo
// lib: linearId, resample

const ROWS = 4u;
const SIZE = 1u;
const IMAGES = 1u;
const CUBIC = false;
const BGR = false; // c = 0 is blue
const MULTIPLY_0 = 1.0;
const MULTIPLY_1 = 1.0;
const MULTIPLY_2 = 1.0;
const ADD_0 = 0.0;
const ADD_1 = 0.0;
const ADD_2 = 0.0;
const WORKGROUP = 64u;

@group(0) @binding(0) var<storage, read> y: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: Geometry;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= SIZE * SIZE) { return; }
  let column = id % SIZE;
  let axis = geometry.vertical;
  let inside = id / SIZE - axis.before; // wraps round above the photo
  var sum = vec3i();
  if (inside < axis.inside) {
    let window = windowOf(axis, inside, CUBIC);
    let start = window.first - geometry.firstRow;
    for (var i = 0u; i < window.count; i++) {
      sum += coefficient(window, i, CUBIC) * channels(y[min(start + i, ROWS - 1u) * SIZE + column]);
    }
  }
  let rgb = vec3f(grey(sum));
  let v = select(rgb, rgb.zyx, BGR) * vec3f(MULTIPLY_0, MULTIPLY_1, MULTIPLY_2) + vec3f(ADD_0, ADD_1, ADD_2);
  let pixel = min(geometry.image, IMAGES - 1u) * SIZE * SIZE + id;
  x[pixel * 3u] = v.x;
  x[pixel * 3u + 1u] = v.y;
  x[pixel * 3u + 2u] = v.z;
}

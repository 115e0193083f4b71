// Pillow's antialiased resampling along one axis, in integers wherever f32 would round.
// Pixel i of the resized photo has its centre at (i + 0.5) * source / resized and weighs the source
// pixels within support = radius * max(source / resized, 1) of it; weights are normalised and rounded to 22 bits.

// One axis of the photo as the crop sees it; src/data/preprocess.ts makes it.
struct Axis {
  source: u32, // pixels in the photo
  resized: u32, // pixels after resizing
  before: u32, // crop pixels before the resized photo starts: black
  inside: u32, // crop pixels on the resized photo; those after them are black again
  whole: u32, // centre of the first of them: whole + rest / (2 resized) source pixels
  rest: u32,
}

struct Geometry {
  horizontal: Axis,
  vertical: Axis,
  firstRow: u32, // the first source row that the vertical pass needs, and how many
  rows: u32,
  flip: u32, // 1: mirrored left to right
  image: u32, // which image of x it becomes
}

// The source pixels that one resized pixel weighs. Distances from its centre are integers: (nearest + i * step) for
// pixel first + i, in units of 1 / unit of the larger of the two pixels.
struct Window {
  first: u32,
  count: u32,
  nearest: i32,
  step: i32,
  unit: i32,
  sum: f32,
}

// weigh(n, unit, cubic): the weight, before normalising, at a distance of n / unit: the triangle (times unit, an exact
// integer) or the cubic with a = -0.5.
fn weigh(n: i32, unit: i32, cubic: bool) -> f32 {
  if (!cubic) { return f32(max(unit - abs(n), 0)); }
  let t = f32(abs(n)) / f32(unit);
  if (t < 1.0) { return (1.5 * t - 2.5) * t * t + 1.0; }
  return select(0.0, (((t - 5.0) * t + 8.0) * t - 4.0) * -0.5, t < 2.0);
}

// The window of the axis's inside pixel i.
fn windowOf(axis: Axis, i: u32, cubic: bool) -> Window {
  let rests = axis.rest + 2u * (axis.source % axis.resized) * i;
  let centre = i32(axis.whole + (axis.source / axis.resized) * i + rests / (2u * axis.resized));
  let rest = i32(rests % (2u * axis.resized));
  let step = 2 * i32(axis.resized);
  let unit = 2 * i32(max(axis.source, axis.resized));
  let support = select(1.0, 2.0, cubic) * max(f32(axis.source) / f32(axis.resized), 1.0);
  let fraction = f32(rest) / f32(step);
  let first = max(centre + i32(floor(fraction - support + 0.5)), 0);
  let end = min(centre + i32(floor(fraction + support + 0.5)), i32(axis.source));
  let nearest = (first - centre) * step + i32(axis.resized) - rest;
  var sum = 0.0;
  for (var at = first; at < end; at++) {
    sum += weigh(nearest + (at - first) * step, unit, cubic);
  }
  return Window(u32(first), u32(end - first), nearest, step, unit, sum);
}

// coefficient(window, i): the weight of pixel first + i in units of 2^-22.
fn coefficient(window: Window, i: u32, cubic: bool) -> i32 {
  let weight = weigh(window.nearest + i32(i) * window.step, window.unit, cubic);
  let share = weight / window.sum * 4194304.0;
  let rounded = i32(share + select(-0.5, 0.5, share >= 0.0));
  if (cubic) { return rounded; }
  // The triangle's weights are integers, so f32's error can be undone: the remainder is small, 32 bits wrap to it.
  let sum = i32(window.sum);
  let remainder = (i32(weight) << 22u) - rounded * sum;
  return rounded + select(0, 1, 2 * remainder >= sum) - select(0, 1, 2 * remainder < -sum);
}

fn channels(pixel: u32) -> vec3i {
  return vec3i((vec3u(pixel) >> vec3u(0u, 8u, 16u)) & vec3u(255u));
}

// grey(sum): a sum of channels and coefficients, rounded and clipped to 8 bits.
fn grey(sum: vec3i) -> vec3i {
  return clamp((sum + 2097152) >> vec3u(22u), vec3i(0), vec3i(255));
}

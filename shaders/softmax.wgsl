// y = exp(x - m) / sum, or with LOG x - m - log(sum), m the maximum   x, y: (OUTER, SIZE, INNER), over SIZE
// lib: linearId
// A workgroup takes LINES lines of SIZE elements; each line is dealt out to SLICES invocations, which meet twice in
// workgroup memory. The maxima and sums of the slices are put together in order. SLICES 1: no barrier.
// x is never f16: exp makes of a score's absolute error a relative one, 1.6 % at 64.

const OUTER = 1u;
const SIZE = 1u;
const INNER = 1u;
const LOG = false;
const LINES = 64u;
const SLICES = 1u;

const TURNS = (SIZE + SLICES - 1u) / SLICES;
const INVOCATIONS = LINES * SLICES;

alias YElement = f32;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<YElement>;

var<workgroup> maxima: array<f32, INVOCATIONS>; // [slice][line]
var<workgroup> sums: array<f32, INVOCATIONS>;

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let column = local % LINES;
  let slice = local / LINES;
  let id = linearId(group, column, groups, LINES);
  let line = min(id, OUTER * INNER - 1u); // lines past the end repeat the last one and are never stored
  let start = (line / INNER) * SIZE * INNER + line % INNER;

  var maximum = x[start];
  for (var turn = 0u; turn < TURNS; turn++) {
    let i = turn * SLICES + slice;
    if (i >= SIZE) { break; }
    maximum = max(maximum, x[start + i * INNER]);
  }
  if (SLICES > 1u) {
    maxima[local] = maximum;
    workgroupBarrier();
    for (var s = 0u; s < SLICES; s++) { maximum = max(maximum, maxima[s * LINES + column]); }
  }

  var sum = 0.0;
  for (var turn = 0u; turn < TURNS; turn++) {
    let i = turn * SLICES + slice;
    if (i >= SIZE) { break; }
    sum += exp(x[start + i * INNER] - maximum);
  }
  if (SLICES > 1u) {
    sums[local] = sum;
    workgroupBarrier();
    sum = 0.0;
    for (var s = 0u; s < SLICES; s++) { sum += sums[s * LINES + column]; }
  }

  if (id > line) { return; }
  let logarithm = log(sum);
  for (var turn = 0u; turn < TURNS; turn++) {
    let i = turn * SLICES + slice;
    if (i >= SIZE) { break; }
    let d = x[start + i * INNER] - maximum;
    y[start + i * INNER] = YElement(select(exp(d) / sum, d - logarithm, LOG));
  }
}

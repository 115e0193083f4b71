// dx = y (dy - s), s the sum of y dy; with LOG, y a logarithm: dx = dy - exp(y) s, s the sum of dy
// y, dy, dx: (OUTER, SIZE, INNER), over SIZE
// lib: linearId
// A workgroup takes LINES lines of SIZE elements; each line is dealt out to SLICES invocations, whose sums meet in workgroup
// memory and are put together in order. SLICES 1: no barrier.

const LOG = false;
const LINES = 64u;
const SLICES = 1u;

const INVOCATIONS = LINES * SLICES;

struct Params { OUTER: u32, SIZE: u32, INNER: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

var<workgroup> sums: array<f32, INVOCATIONS>; // [slice][line]

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let column = local % LINES;
  let slice = local / LINES;
  let id = linearId(group, column, groups, LINES);
  let line = min(id, params.OUTER * params.INNER - 1u); // lines past the end repeat the last one and are never stored
  let start = (line / params.INNER) * params.SIZE * params.INNER + line % params.INNER;
  var sum = 0.0;
  for (var i = slice; i < params.SIZE; i += SLICES) {
    let at = start + i * params.INNER;
    sum += dy[at] * select(y[at], 1.0, LOG);
  }
  if (SLICES > 1u) {
    sums[local] = sum;
    workgroupBarrier();
    sum = 0.0;
    for (var s = 0u; s < SLICES; s++) { sum += sums[s * LINES + column]; }
  }
  if (id > line) { return; }
  for (var i = slice; i < params.SIZE; i += SLICES) {
    let at = start + i * params.INNER;
    if (LOG) {
      dx[at] = dy[at] - exp(y[at]) * sum;
    } else {
      dx[at] = y[at] * (dy[at] - sum);
    }
  }
}

// What the kernels share that sum two values of each channel over slices of rows; params (ROWS, C, SLICE), COLUMNS, LANES,
// RAGGED, INVOCATIONS and partial (SLICES, 2, C) are theirs. A workgroup takes COLUMNS quads of channels of one slice, whose
// rows are dealt out to LANES invocations each; their sums meet in workgroup memory and are added in order.

struct Pair { first: vec4f, second: vec4f }

struct Part { slice: u32, quad: u32, lane: u32, start: u32, end: u32 }

var<workgroup> firsts: array<vec4f, INVOCATIONS>; // [lane][column]
var<workgroup> seconds: array<vec4f, INVOCATIONS>;

// Rows start .. end - 1 of slice and the quad of channels that an invocation sums, every LANES-th row from start + lane.
fn partOf(tile: u32, local: u32) -> Part {
  let wide = ((params.C + 3u) / 4u + COLUMNS - 1u) / COLUMNS;
  let slice = tile / wide;
  let start = min(slice * params.SLICE, params.ROWS);
  let quad = (tile % wide) * COLUMNS + local % COLUMNS;
  return Part(slice, quad, local / COLUMNS, start, min(start + params.SLICE, params.ROWS));
}

// The 4 channels of a quad; those past the end repeat the last one.
fn channelsOf(quad: u32) -> vec4u {
  return min(4u * quad + vec4u(0u, 1u, 2u, 3u), vec4u(params.C - 1u));
}

// Lane 0 gets the sums of all lanes.
fn meet(local: u32, mine: Pair) -> Pair {
  if (LANES == 1u) { return mine; }
  firsts[local] = mine.first;
  seconds[local] = mine.second;
  workgroupBarrier();
  var sum = mine;
  if (local < COLUMNS) {
    for (var lane = 1u; lane < LANES; lane++) {
      sum.first += firsts[lane * COLUMNS + local];
      sum.second += seconds[lane * COLUMNS + local];
    }
  }
  return sum;
}

fn storeChannel(at: u32, channel: u32, first: f32, second: f32) {
  if (channel >= params.C) { return; }
  partial[at + channel] = first;
  partial[at + params.C + channel] = second;
}

fn storePair(part: Part, pair: Pair) {
  if (part.lane > 0u || part.start >= params.ROWS) { return; }
  let at = part.slice * 2u * params.C;
  let channel = 4u * part.quad;
  storeChannel(at, channel, pair.first.x, pair.second.x);
  storeChannel(at, channel + 1u, pair.first.y, pair.second.y);
  storeChannel(at, channel + 2u, pair.first.z, pair.second.z);
  storeChannel(at, channel + 3u, pair.first.w, pair.second.w);
}

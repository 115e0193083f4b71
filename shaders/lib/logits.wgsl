// What crossEntropy and its gradient share: a row's maximum and sums. logits, params (N, K), LINES, LANES and INVOCATIONS
// are theirs. A workgroup takes LINES rows of K logits, each dealt out to LANES invocations; their results meet in
// workgroup memory and are put together in order. LANES 1: no barrier.

var<workgroup> maxima: array<f32, INVOCATIONS>; // [lane][line]
var<workgroup> sums: array<vec2f, INVOCATIONS>;

// The maximum of a row, the sum of exp(x - maximum) and the sum of x - maximum.
fn sumsOf(start: u32, local: u32) -> vec3f {
  let line = local % LINES;
  let lane = local / LINES;
  var maximum = logits[start];
  for (var k = lane; k < params.K; k += LANES) { maximum = max(maximum, logits[start + k]); }
  if (LANES > 1u) {
    maxima[local] = maximum;
    workgroupBarrier();
    for (var other = 0u; other < LANES; other++) { maximum = max(maximum, maxima[other * LINES + line]); }
  }
  var sum = vec2f();
  for (var k = lane; k < params.K; k += LANES) {
    let distance = logits[start + k] - maximum;
    sum += vec2f(exp(distance), distance);
  }
  if (LANES > 1u) {
    sums[local] = sum;
    workgroupBarrier();
    sum = vec2f();
    for (var other = 0u; other < LANES; other++) { sum += sums[other * LINES + line]; }
  }
  return vec3f(maximum, sum);
}

// y[i] = result of ROUNDS x CHAIN dependent fused multiply-adds on ACCUMULATORS vec4f registers an invocation   y: (GROUPS * WORKGROUP)
// lib: linearId
// Touches memory once, so its speed is the adapter's ceiling for arithmetic: the peak that profiles are held against.

const WORKGROUP = 64u;
const GROUPS = 64u;
const ACCUMULATORS = 4u;
const ROUNDS = 256u;
const CHAIN = 8u; // or 1: a loop that a software adapter spends most of on its own control

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  if (id >= GROUPS * WORKGROUP) { return; }
  let factor = vec4f(x[0]); // read, so that no compiler can fold the loop
  let term = vec4f(x[1]);
  var a0 = vec4f(f32(id));
  var a1 = a0 + 1.0;
  var a2 = a0 + 2.0;
  var a3 = a0 + 3.0;
  var a4 = a0 + 4.0;
  var a5 = a0 + 5.0;
  var a6 = a0 + 6.0;
  var a7 = a0 + 7.0;
  for (var round = 0u; round < ROUNDS; round++) {
    a0 = chain(a0, factor, term);
    if (ACCUMULATORS > 1u) { a1 = chain(a1, factor, term); }
    if (ACCUMULATORS > 2u) { a2 = chain(a2, factor, term); }
    if (ACCUMULATORS > 3u) { a3 = chain(a3, factor, term); }
    if (ACCUMULATORS > 4u) { a4 = chain(a4, factor, term); }
    if (ACCUMULATORS > 5u) { a5 = chain(a5, factor, term); }
    if (ACCUMULATORS > 6u) { a6 = chain(a6, factor, term); }
    if (ACCUMULATORS > 7u) { a7 = chain(a7, factor, term); }
  }
  let sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
  y[id] = sum.x + sum.y + sum.z + sum.w;
}

fn chain(a: vec4f, factor: vec4f, term: vec4f) -> vec4f {
  var v = fma(a, factor, term);
  if (CHAIN == 1u) { return v; }
  v = fma(v, factor, term);
  v = fma(v, factor, term);
  v = fma(v, factor, term);
  v = fma(v, factor, term);
  v = fma(v, factor, term);
  v = fma(v, factor, term);
  return fma(v, factor, term);
}

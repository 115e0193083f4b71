// What the four invocations of a quad load is shared by swaps: one instruction on a software adapter, where a broadcast takes
// a dozen. So each invocation has what the others loaded in an order of its own, from itself outwards.

// Column j: what invocation lane ^ j has.
fn others(own: vec4f) -> mat4x4f {
  return mat4x4f(own, quadSwapX(own), quadSwapY(own), quadSwapDiagonal(own));
}

// Component i: what belongs to invocation i, of what belongs to lane ^ i.
fn inOrder(v: vec4f, lane: u32) -> vec4f {
  let pairs = select(v, v.yxwz, (lane & 1u) == 1u);
  return select(pairs, pairs.zwxy, lane > 1u);
}

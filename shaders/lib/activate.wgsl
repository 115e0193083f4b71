// activate(v, kind): kind 0 nothing, 1 ReLU, 2 ELU (alpha 1), per component.
fn activate(v: vec4f, kind: u32) -> vec4f {
  if (kind == 1u) { return select(v, vec4f(), v < vec4f()); } // unlike max, keeps NaN
  if (kind == 2u) { return select(expm1(v), v, v > vec4f()); }
  return v;
}

// exp(v) - 1 without cancellation near 0: a Taylor series where |v| is small.
fn expm1(v: vec4f) -> vec4f {
  let series = v * (1.0 + v * (0.5 + v * (1.0 / 6.0 + v * (1.0 / 24.0 + v * (1.0 / 120.0)))));
  return select(exp(v) - 1.0, series, abs(v) < vec4f(0.125));
}

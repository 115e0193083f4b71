// slope(y, kind): the derivative of activate where its value is y: kind 0 nothing, 1 ReLU (0 at 0), 2 ELU, per component.
fn slope(y: vec4f, kind: u32) -> vec4f {
  if (kind == 1u) { return select(vec4f(), vec4f(1.0), y > vec4f()); }
  if (kind == 2u) { return select(y + 1.0, vec4f(1.0), y > vec4f()); }
  return vec4f(1.0);
}

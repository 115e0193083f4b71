// finite(v): whether v is neither infinite nor NaN, by its bits: a compiler may take it that floats are finite.
fn finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
}

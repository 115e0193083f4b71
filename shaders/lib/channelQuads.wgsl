// How the element-wise batch norm kernels go over (ROWS, C) in quads; params (ROWS, C), RAGGED, EACH and statistics are
// theirs. If C is a multiple of 4, an invocation keeps to one quad of channels and takes EACH rows; else (RAGGED) it takes
// EACH neighbouring quads, which may straddle rows.

fn firstQuad(id: u32) -> u32 {
  if (RAGGED) { return id * EACH; }
  let wide = params.C / 4u;
  return (id / wide) * EACH * wide + id % wide;
}

fn quadStep() -> u32 {
  return select(params.C / 4u, 1u, RAGGED);
}

// The channels of the 4 elements of a quad.
fn channelsAt(quad: u32) -> vec4u {
  if (!RAGGED) { return 4u * (quad % (params.C / 4u)) + vec4u(0u, 1u, 2u, 3u); }
  return (4u * quad + vec4u(0u, 1u, 2u, 3u)) % params.C;
}

fn statistic(at: vec4u) -> vec4f {
  return vec4f(statistics[at.x], statistics[at.y], statistics[at.z], statistics[at.w]);
}

// tileOf, placeOf, filterRow: what the weight gradients of a convolution share. `params` is theirs.

// A tile of the result: its first channel quads of dy and x, its tap and slice, and the slice's positions.
struct GradientTile { column: u32, row: u32, tap: u32, slice: u32, first: u32, end: u32, dh: i32, dw: i32 }

// Positions of a slice; the last one may have fewer.
fn slicePositions() -> u32 {
  return ((params.N * params.OH * params.OW + 4u * params.SLICES - 1u) / (4u * params.SLICES)) * 4u;
}

// Tiles of `rows` x `columns` channel quads, of which each lies in one tap and one slice.
fn tileOf(index: u32, rows: u32, columns: u32) -> GradientTile {
  let wide = (params.K / 4u + columns - 1u) / columns;
  let high = (params.C / 4u + rows - 1u) / rows;
  let taps = params.KH * params.KW;
  let tap = (index / (wide * high)) % taps;
  let slice = index / (wide * high * taps);
  return GradientTile(
    (index % wide) * columns,
    ((index / wide) % high) * rows,
    tap,
    slice,
    slice * slicePositions(),
    min((slice + 1u) * slicePositions(), params.N * params.OH * params.OW),
    i32((tap / params.KW) * params.DILATION_H) - i32(params.PAD_H),
    i32((tap % params.KW) * params.DILATION_W) - i32(params.PAD_W),
  );
}

// The first vec4 of x at position m's tap, and 1; or 0 and 0 where that lies beside x or m behind the slice.
fn placeOf(tile: GradientTile, m: u32) -> vec2u {
  let image = m / (params.OH * params.OW);
  let position = m % (params.OH * params.OW);
  let h = u32(i32((position / params.OW) * params.STRIDE_H) + tile.dh);
  let w = u32(i32((position % params.OW) * params.STRIDE_W) + tile.dw);
  let counts = m < tile.end && h < params.H && w < params.W;
  return select(vec2u(), vec2u(((image * params.H + h) * params.W + w) * (params.C / 4u), 1u), counts);
}

// Row of dw, seen as (SLICES KH KW FILTER_C, K), for a channel of the tile's tap; below 0 where x is padded.
fn filterRow(tile: GradientTile, channel: u32) -> i32 {
  let row = (tile.slice * params.KH * params.KW + tile.tap) * params.FILTER_C + channel;
  return select(-1, i32(row), channel < params.FILTER_C && tile.slice < params.SLICES);
}

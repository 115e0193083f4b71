// Where output position `row` of a convolution reads x. Uses the geometry knobs that all conv shaders share.

// Top-left corner of the row's window in x, and its image: (h, w, n). Rows past the end repeat the last one.
fn corner(row: u32) -> vec3i {
  let m = min(row, N * OH * OW - 1u);
  let image = m / (OH * OW);
  let position = m % (OH * OW);
  let h = (position / OW) * STRIDE_H;
  let w = (position % OW) * STRIDE_W;
  return vec3i(i32(h) - i32(PAD_H), i32(w) - i32(PAD_W), i32(image));
}

// Pixel number of column 0 in the window's row kh; far below 0 in the padding above and below x.
fn rowStart(corner: vec3i, kh: u32) -> i32 {
  let h = corner.x + i32(kh * DILATION_H);
  return select(-0x40000000, (corner.z * i32(H) + h) * i32(W), u32(h) < H);
}

// Pixel number at the window's tap, or -1 in the padding.
fn pixel(corner: vec3i, start: i32, kw: u32) -> i32 {
  let w = corner.y + i32(kw * DILATION_W);
  return select(-1, start + w, start >= 0 && u32(w) < W);
}

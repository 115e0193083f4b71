// Where four output positions of a convolution read x: the windows of rows row .. row + 3, a component each. All sizes come at
// run time.
struct Windows { h: vec4i, w: vec4i, image: vec4i }

// Without padding or dilation along a row the window's row is one run of memory.
fn isRun() -> bool {
  return params.PAD_W == 0u && params.DILATION_W == 1u;
}

// Top-left corners of the windows in x. Rows past the end repeat the last one.
fn windows(row: u32) -> Windows {
  let m = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.N * params.OH * params.OW - 1u));
  let position = m % (params.OH * params.OW);
  let h = vec4i((position / params.OW) * params.STRIDE_H) - i32(params.PAD_H);
  let w = vec4i((position % params.OW) * params.STRIDE_W) - i32(params.PAD_W);
  return Windows(h, w, vec4i(m / (params.OH * params.OW)));
}

// Pixel numbers of column 0 in the windows' row kh; far below 0 in the padding above and below x.
fn rowStarts(at: Windows, kh: u32) -> vec4i {
  let h = at.h + i32(kh * params.DILATION_H);
  return select(vec4i(-0x40000000), (at.image * i32(params.H) + h) * i32(params.W), vec4u(h) < vec4u(params.H));
}

// Pixel numbers at the windows' tap, or -1 in the padding.
fn pixels(at: Windows, starts: vec4i, kw: u32) -> vec4i {
  let w = at.w + i32(kw * params.DILATION_W);
  return select(vec4i(-1), starts + w, (starts >= vec4i()) & (vec4u(w) < vec4u(params.W)));
}

// The epilogue of the workgroup-tile convolutions, where a column's scale and shift are loaded once for several rows.
fn storeScaled(row: u32, column: u32, sum: vec4f, scales: vec4f, shifts: vec4f) {
  if (row >= M || column >= K4) { return; }
  let index = row * K4 + column;
  var v = sum * scales + shifts;
  if (RESIDUAL) { v += vec4f(residual[index]); }
  y[index] = vec4<YElement>(activate(v, ACTIVATION));
}

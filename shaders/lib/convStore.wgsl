// The epilogue of the conv shaders that keep vec4 columns: scale, shift, residual, activation, store.
fn store(row: u32, column: u32, sum: vec4f) {
  if (row >= M || column >= K4) { return; }
  let index = row * K4 + column;
  var v = sum * scale[column] + shift[column];
  if (RESIDUAL) { v += vec4f(residual[index]); }
  y[index] = vec4<YElement>(activate(v, ACTIVATION));
}

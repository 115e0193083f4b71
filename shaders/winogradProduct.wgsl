// m[t] = v[t] u[t]   the products of Winograd's convolution, for software adapters with subgroups
// v: (T, TILES, C)   u: (T, C/4, K, 4), as winogradWeights packs it   m: (T, TILES, K)   C and K multiples of 4
// lib: linearId, quadSwaps
// Four invocations (a quad) make 16 rows x 16 columns: each has 4 rows, and each loads a quarter of the weights and hands
// it to the others, as in conv2dQuad.wgsl: 8 loads serve 256 multiply-adds. No barrier, no workgroup memory.
// m is never f16: bare sums have no batch norm yet and may pass 65504.

enable subgroups;

const WORKGROUP = 64u;

// Sizes come at run time: one pipeline serves all layers.
struct Params { T: u32, TILES: u32, C: u32, K: u32 }

alias VElement = f32;
alias UElement = f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<vec4<VElement>>;
@group(0) @binding(2) var<storage, read> u: array<vec4<UElement>>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;

fn rowStart(t: u32, row: u32) -> u32 {
  return (t * params.TILES + min(row, params.TILES - 1u)) * (params.C / 4u);
}

// Row i: 4 depths of channel lane ^ i of a quad, of which this invocation loads its own.
fn weights(index: u32) -> mat4x4f {
  return transpose(others(vec4f(u[index])));
}

var<private> sums: array<mat4x4f, 4>; // [column quad][row]: a loop of stores is compiled in half the time of 16

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, local, groups, WORKGROUP);
  let lane = id % 4u;
  let quad = id / 4u;
  let columns = params.K / 4u;
  let wide = (columns + 3u) / 4u;
  let high = (params.TILES + 15u) / 16u;
  let column = (quad % wide) * 4u;
  let row = ((quad / wide) % high) * 16u + lane * 4u;
  let t = min(quad / (wide * high), params.T - 1u); // spare quads repeat the last product: swaps need all four
  let row0 = rowStart(t, row);
  let row1 = rowStart(t, row + 1u);
  let row2 = rowStart(t, row + 2u);
  let row3 = rowStart(t, row + 3u);
  let last = columns - 1u; // columns past the end repeat it and are never stored
  let to1 = 4u * (min(column + 1u, last) - column);
  let to2 = 4u * (min(column + 2u, last) - column);
  let to3 = 4u * (min(column + 3u, last) - column);
  var weight = t * (params.C / 4u) * params.K + 4u * column + lane;
  var sum0 = mat4x4f(); // column i: row + i
  var sum1 = mat4x4f();
  var sum2 = mat4x4f();
  var sum3 = mat4x4f();
  for (var c = 0u; c < params.C / 4u; c++) {
    let vs = mat4x4f(vec4f(v[row0 + c]), vec4f(v[row1 + c]), vec4f(v[row2 + c]), vec4f(v[row3 + c]));
    sum0 += weights(weight) * vs;
    sum1 += weights(weight + to1) * vs;
    sum2 += weights(weight + to2) * vs;
    sum3 += weights(weight + to3) * vs;
    weight += params.K;
  }
  sums = array(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 4u && row + i < params.TILES; i++) {
    let start = (t * params.TILES + row + i) * columns + column;
    for (var j = 0u; j < 4u && column + j < columns; j++) { m[start + j] = inOrder(sums[j][i], lane); }
  }
}

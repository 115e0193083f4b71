// dx[h, w, c] = sum of dy[oh, ow, k] w[kh, kw, c, k] where oh STRIDE_H + kh DILATION_H - PAD_H = h, likewise w; + residual
// dy: (N, OH, OW, K)   w: (KH, KW, C, K)   residual, dx: (N, H, W, C)   C and K multiples of 4
// lib: linearId
// The gradient of a convolution's input with strides, workgroup-tile family (GPUs). Positions of one remainder by the
// strides read the same taps: group.z says which. 8 x 8 invocations make 64 positions x 64 channels c, each 8 x 8 in four
// mat4x4f; a step goes over 16 channels k of one tap, of which each invocation loads a 4 x 4 block of dy and one of w.

const N = 1u;
const H = 1u;
const W = 1u;
const C = 4u;
const K = 4u;
const OH = 1u;
const OW = 1u;
const KH = 1u;
const KW = 1u;
const STRIDE_H = 1u;
const STRIDE_W = 1u;
const PAD_H = 0u;
const PAD_W = 0u;
const DILATION_H = 1u;
const DILATION_W = 1u;
const RESIDUAL = false;

const C4 = C / 4u;
const K4 = K / 4u;
const STEPS_H = (H + STRIDE_H - 1u) / STRIDE_H; // of the strides in x, of which the last may lie beside it
const STEPS_W = (W + STRIDE_W - 1u) / STRIDE_W;
const WIDE = (C4 + 15u) / 16u;
const STEPS = (K4 + 3u) / 4u; // of a tap

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

var<workgroup> tileY: array<vec4f, 256>; // [4 channel quads k][64 positions], a vec4 runs along the channels
var<workgroup> tileW: array<vec4f, 256>; // [16 channels k][16 channel quads c], a vec4 runs along c
var<private> starts: array<i32, 4>; // pixels of dy that this invocation loads at the tap, -1 beside it
var<private> nextY: mat4x4f;
var<private> nextW: mat4x4f;

// Image, row and column of position m, the latter two in steps of the strides.
fn positionOf(m: u32) -> vec3u {
  return vec3u(m / (STEPS_H * STEPS_W), (m / STEPS_W) % STEPS_H, m % STEPS_W);
}

fn pixelOf(m: u32, offset: vec2i) -> i32 {
  let at = positionOf(m);
  let oh = i32(at.y) + offset.x;
  let ow = i32(at.z) + offset.y;
  let inside = at.x < N && u32(oh) < OH && u32(ow) < OW;
  return select(-1, (i32(at.x * OH) + oh) * i32(OW) + ow, inside);
}

fn loadY(i: u32, quad: u32) -> vec4f {
  let inside = starts[i] >= 0 && quad < K4;
  return select(vec4f(), dy[select(0u, u32(starts[i]) * K4 + quad, inside)], inside);
}

// Puts the blocks of channel quad k `quad` on their way: 4 positions of dy; 4 channels c from 4 `column`.
fn load(tap: u32, quad: u32, column: u32) {
  nextY = mat4x4f(loadY(0u, quad), loadY(1u, quad), loadY(2u, quad), loadY(3u, quad));
  let at = (tap * C + min(column, C4 - 1u) * 4u) * K4 + min(quad, K4 - 1u); // what is past the end counts as 0 in dy
  nextW = transpose(mat4x4f(w[at], w[at + K4], w[at + 2u * K4], w[at + 3u * K4]));
}

fn keep(quad: u32, place: u32) {
  for (var i = 0u; i < 4u; i++) {
    tileY[quad * 64u + place * 4u + i] = nextY[i];
    tileW[quad * 64u + i * 16u + place] = nextW[i];
  }
}

fn storeBlock(row: u32, column: u32, first: vec2u, sum: mat4x4f) {
  for (var i = 0u; i < 4u; i++) {
    let at = positionOf(row + i);
    let h = at.y * STRIDE_H + first.x;
    let v = at.z * STRIDE_W + first.y;
    if (at.x < N && h < H && v < W && column < C4) {
      let index = ((at.x * H + h) * W + v) * C4 + column;
      if (RESIDUAL) {
        dx[index] = sum[i] + residual[index];
      } else {
        dx[index] = sum[i];
      }
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = linearId(group, 0u, groups, 1u);
  let firstColumn = (id % WIDE) * 16u;
  let firstRow = (id / WIDE) * 64u;
  let first = vec2u(group.z / STRIDE_W, group.z % STRIDE_W);
  let quad = local / 16u; // this invocation loads the blocks of this quad of channels k ...
  let place = local % 16u; // ... at this position quad and channel quad c
  let a0 = (local / 8u) * 4u; // and computes positions a0 .. and a0 + 32 .., channel quads c b0 and b0 + 8
  let b0 = local % 8u;
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var tap = 0u; tap < KH * KW; tap++) {
    let h = i32(first.x + PAD_H) - i32((tap / KW) * DILATION_H);
    let v = i32(first.y + PAD_W) - i32((tap % KW) * DILATION_W);
    if (h % i32(STRIDE_H) != 0 || v % i32(STRIDE_W) != 0) { continue; }
    for (var i = 0u; i < 4u; i++) {
      starts[i] = pixelOf(firstRow + place * 4u + i, vec2i(h / i32(STRIDE_H), v / i32(STRIDE_W)));
    }
    load(tap, quad, firstColumn + place);
    for (var step = 0u; step < STEPS; step++) {
      workgroupBarrier();
      keep(quad, place);
      workgroupBarrier();
      // NOTE: the next blocks are asked for before this step's multiply-adds and awaited after them.
      load(tap, step * 4u + 4u + quad, firstColumn + place);
      for (var q = 0u; q < 4u; q++) {
        let atY = q * 64u + a0;
        let atW = q * 64u + b0;
        let ds0 = mat4x4f(tileY[atY], tileY[atY + 1u], tileY[atY + 2u], tileY[atY + 3u]);
        let ds1 = mat4x4f(tileY[atY + 32u], tileY[atY + 33u], tileY[atY + 34u], tileY[atY + 35u]);
        let ws0 = mat4x4f(tileW[atW], tileW[atW + 16u], tileW[atW + 32u], tileW[atW + 48u]);
        let ws1 = mat4x4f(tileW[atW + 8u], tileW[atW + 24u], tileW[atW + 40u], tileW[atW + 56u]);
        sum00 += ws0 * ds0;
        sum01 += ws1 * ds0;
        sum10 += ws0 * ds1;
        sum11 += ws1 * ds1;
      }
    }
  }
  storeBlock(firstRow + a0, firstColumn + b0, first, sum00);
  storeBlock(firstRow + a0, firstColumn + b0 + 8u, first, sum01);
  storeBlock(firstRow + a0 + 32u, firstColumn + b0, first, sum10);
  storeBlock(firstRow + a0 + 32u, firstColumn + b0 + 8u, first, sum11);
}

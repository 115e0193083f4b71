// conv2dWeightGradient: the node of the gradient of a convolution's weights, and which kernels compute it.

import { addSlices } from '../../kernels/addSlices.ts';
import type { Conv2dGeometry } from '../../kernels/conv2d.ts';
import { conv2dWeightGradient as plain, weightGradientTiles } from '../../kernels/conv2dWeightGradient.ts';
import { conv2dWeightGradientQuad } from '../../kernels/conv2dWeightGradientQuad.ts';
import { conv2dWeightGradientScalar } from '../../kernels/conv2dWeightGradientScalar.ts';
import { conv2dWeightGradientTiled } from '../../kernels/conv2dWeightGradientTiled.ts';
import { unfolded, unfoldRows, unfoldRowsKnobs } from '../../kernels/unfoldRows.ts';
import { type Call, call, type Node, type Op, type Temporary } from '../node.ts';
import type { Target } from '../target.ts';

const WORKGROUP = 64;

export interface ConvolutionGradientAttributes {
  /** Of the convolution whose gradient this is. */
  readonly geometry: Conv2dGeometry;
}

const conv2dWeightGradientOp: Op<ConvolutionGradientAttributes> = {
  name: 'conv2dWeightGradient',
  lower: (node, target) => {
    const [dy, x] = node.inputs as [Node, Node];
    return weightGradientCalls(node, node.attributes.geometry, x, dy, target);
  },
};

/** dw of a convolution: dy (N, OH, OW, K), x (N, H, W, C) -> (KH, KW, C, K). */
export function conv2dWeightGradient(name: string, dy: Node, x: Node, geometry: Conv2dGeometry): Node {
  const { KH, KW, C, K } = geometry;
  return {
    op: conv2dWeightGradientOp,
    inputs: [dy, x],
    attributes: { geometry },
    shape: [KH, KW, C, K],
    dtype: 'f32',
    name,
  };
}

function weightGradientCalls(dw: Node, geometry: Conv2dGeometry, x: Node, dy: Node, target: Target): Call[] {
  const { N, OH, OW, C, K, KH, KW } = geometry;
  if (K % 4) return [call(conv2dWeightGradientScalar, { ...geometry, WORKGROUP }, { x, dy, dw })];
  if (C % 4 === 0) return slicedCalls(dw, { ...geometry, FILTER_C: C }, { x, dy }, target);
  // Other channel counts such as the stem's 3: the windows' rows as channels.
  const wide = unfolded(geometry);
  const rows: Temporary = { temporary: `${dw.name} rows`, elements: N * wide.H * wide.W * wide.C };
  const flops = 2 * N * OH * OW * K * KH * KW * C;
  return [
    call(unfoldRows, unfoldRowsKnobs(geometry, WORKGROUP), { x, y: rows }),
    ...slicedCalls(dw, { ...wide, FILTER_C: KW * C }, { x: rows, dy }, target).map((each) =>
      each.buffers.dy ? { ...each, flops } : each,
    ),
  ];
}

type Shape = Conv2dGeometry & { FILTER_C: number };

/** The products, in slices where there are too few tiles, and the slices' sum. */
function slicedCalls(dw: Node, shape: Shape, buffers: Call['buffers'], target: Target): Call[] {
  const SLICES = sliceCount(shape, target);
  const SIZE = shape.KH * shape.KW * shape.FILTER_C * shape.K;
  const sums: Temporary = { temporary: `${dw.name} sums`, elements: SLICES * SIZE };
  const knobs = { ...shape, SLICES };
  const all = { ...buffers, dw: SLICES > 1 ? sums : dw };
  const products =
    target.family !== 'software'
      ? call(conv2dWeightGradientTiled, knobs, all)
      : call(target.subgroups ? conv2dWeightGradientQuad : plain, { ...knobs, WORKGROUP }, all);
  return SLICES > 1 ? [products, call(addSlices, { SLICES, SIZE, WORKGROUP }, { x: sums, y: dw })] : [products];
}

/** Most bytes of partial sums. */
const MAX_SUMS = 16 * 2 ** 20;

/** As many slices of the positions as give the adapter enough to do, of a size that is worth a tile. */
function sliceCount(shape: Shape, { family, subgroups }: Target): number {
  const software = family === 'software';
  const [rows, columns] = software ? (subgroups ? [32, 16] : [8, 8]) : [64, 64];
  const tiles = weightGradientTiles({ ...shape, SLICES: 1 }, rows, columns);
  // A software adapter's workgroup takes 16 quads' tiles, or 64; it has a few cores.
  const wanted = software ? (subgroups ? 64 : 256) : 512;
  const positions = shape.N * shape.OH * shape.OW;
  const bytes = 4 * shape.KH * shape.KW * shape.FILTER_C * shape.K;
  const most = Math.min(Math.floor(positions / 128), Math.floor(MAX_SUMS / bytes));
  return Math.max(1, Math.min(Math.ceil(wanted / tiles), most));
}

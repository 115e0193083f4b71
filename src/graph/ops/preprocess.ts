// preprocess: a decoded photo becomes the network's x. The shape of x, the filter and the normalisation are the node's;
// the photo's size and the crop come with every run, so that one plan serves all photos up to its capacity.

import { mismatch } from '../../errors.ts';
import { type ResizeColumnsKnobs, resizeColumns } from '../../kernels/resizeColumns.ts';
import { GEOMETRY_WORDS, type ResizeRowsKnobs, resizeRows } from '../../kernels/resizeRows.ts';
import { call, elementCount, type Node, nhwc, type Op, type Temporary } from '../node.ts';

export interface PreprocessOptions {
  /** x is (1, size, size, 3). */
  readonly size: number;
  /** Source rows that the plan has room for between the passes. */
  readonly rows: number;
  readonly filter: 'bilinear' | 'bicubic';
  /** Channels of x. */
  readonly order: 'rgb' | 'bgr';
  /** x = (grey level * scale - mean) / std, with mean and std in the order of x's channels. */
  readonly scale: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

interface PreprocessAttributes {
  readonly rows: ResizeRowsKnobs;
  readonly columns: ResizeColumnsKnobs;
}

const preprocessOp: Op<PreprocessAttributes> = {
  name: 'preprocess',
  lower(node) {
    const [photo, geometry, batch] = node.inputs as [Node, Node, Node | undefined];
    const { rows, columns } = node.attributes;
    const y: Temporary = { temporary: `${node.name} rows`, elements: rows.ROWS * rows.SIZE };
    const x = batch ?? node;
    return [call(resizeRows, rows, { photo, geometry, y }), call(resizeColumns, columns, { y, geometry, x })];
  },
};

/**
 * x (1, size, size, 3) of a photo: antialiased resize with Pillow's weights, each pass rounded and clipped to 8 bits,
 * crop, flip, channel order, normalisation. `photo`: u32, one word a pixel (RGBA8, alpha ignored), row-major, as many
 * as the plan has room for; `geometry`: u32, the words that src/data/preprocess.ts makes for each photo.
 */
export function preprocess(name: string, photo: Node, geometry: Node, options: PreprocessOptions): Node {
  const { op, inputs, attributes } = preprocessing(name, photo, geometry, options, 1);
  return { op, inputs, attributes, shape: [1, options.size, options.size, 3], dtype: 'f32', name };
}

/** The same as an effect: into that image of `x`, a state of (N, size, size, 3), which the geometry names. */
export function preprocessInto(name: string, x: Node, photo: Node, geometry: Node, options: PreprocessOptions): Node {
  const { n, h, w, c } = nhwc(x, name);
  const { size } = options;
  if (h !== size || w !== size || c !== 3) {
    throw mismatch('input', name, `shape of ${x.name}`, [...x.shape], `(N, ${size}, ${size}, 3)`);
  }
  const { op, inputs, attributes } = preprocessing(name, photo, geometry, options, n);
  return { op, inputs: [...inputs, x], attributes, shape: [1], dtype: 'f32', name };
}

function preprocessing(name: string, photo: Node, geometry: Node, options: PreprocessOptions, images: number) {
  const { size, rows, filter, order, scale, mean, std } = options;
  for (const node of [photo, geometry]) {
    if (node.dtype !== 'u32') throw mismatch('input', name, `type of ${node.name}`, node.dtype, 'u32');
  }
  const words = elementCount(geometry.shape);
  if (words !== GEOMETRY_WORDS) throw mismatch('input', name, 'words of geometry', words, GEOMETRY_WORDS);
  for (const [what, value] of Object.entries({ size, rows })) {
    if (!(Number.isInteger(value) && value > 0)) throw mismatch('input', name, what, value, 'a whole number above 0');
  }
  if ([scale, ...mean, ...std].some((v) => !Number.isFinite(v)) || std.includes(0)) {
    throw mismatch('input', name, 'scale, mean, std', [scale, ...mean, ...std], 'finite numbers, std not 0');
  }
  const CUBIC = filter === 'bicubic' ? 1 : 0;
  const shared = { ROWS: rows, SIZE: size, CUBIC, WORKGROUP: 64 };
  const attributes: PreprocessAttributes = {
    rows: { ...shared, PIXELS: elementCount(photo.shape) },
    columns: {
      ...shared,
      IMAGES: images,
      BGR: order === 'bgr' ? 1 : 0,
      MULTIPLY_0: scale / std[0],
      MULTIPLY_1: scale / std[1],
      MULTIPLY_2: scale / std[2],
      ADD_0: -mean[0] / std[0],
      ADD_1: -mean[1] / std[1],
      ADD_2: -mean[2] / std[2],
    },
  };
  return { op: preprocessOp, inputs: [photo, geometry], attributes };
}

// conv2dQuad: the register-tile family's convolution for software adapters with subgroups; takes a third of conv2d's loads.

import shader from '../../shaders/conv2dQuad.wgsl';
import { type Conv2dKnobs, conv2dElements, conv2dFlops, conv2dReference } from './conv2d.ts';
import { unpackWeights } from './filtersLast.ts';
import { activations, ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/**
 * w is packed by filtersLast. `PADDED`: 1 where windows may pass the edge of x. `ELU`: 1 where that is the activation.
 * `POSITIONS`: 7 for tiles of 28 positions x 32 channels, 4 for 16 x 32.
 */
export type Conv2dQuadKnobs = Conv2dKnobs & { PADDED: number; ELU: number; POSITIONS: number };

/** The knobs for this convolution. Tiles of 16, a pipeline more, pay at up to 16 positions and from 29 to 32: fewer are spare. */
export function conv2dQuadKnobs(k: Conv2dKnobs): Conv2dQuadKnobs {
  const PADDED = k.PAD_H + k.PAD_W > 0 ? 1 : 0;
  const ELU = k.ACTIVATION === activations.elu ? 1 : 0;
  const rows = k.N * k.OH * k.OW;
  return { ...k, PADDED, ELU, POSITIONS: rows <= 32 && (rows - 1) % 28 < 16 ? 4 : 7, WORKGROUP: 16 };
}

export const conv2dQuad: Kernel<Conv2dQuadKnobs> = {
  name: 'conv2dQuad',
  shader,
  grid: (k) => linearGrid(4 * ceilDiv(k.N * k.OH * k.OW, 4 * k.POSITIONS) * ceilDiv(k.K, 32), k.WORKGROUP),
  elements: conv2dElements,
  flops: conv2dFlops,
};

export const conv2dQuadReference: Reference<Conv2dQuadKnobs> = (inputs, k) => {
  const { KH, KW, C, K } = k;
  return conv2dReference({ ...inputs, w: unpackWeights(inputs.w!, { T: KH * KW, C, K }) }, k);
};

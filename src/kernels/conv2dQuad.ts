// conv2dQuad: the register-tile family's convolution for software adapters with subgroups; takes a third of conv2d's loads.

import shader from '../../shaders/conv2dQuad.wgsl';
import { type Conv2dKnobs, conv2dElements, conv2dFlops, conv2dReference } from './conv2d.ts';
import { unpackWeights } from './filtersLast.ts';
import { activations, ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/**
 * w is packed by filtersLast. `PADDED`: 1 where windows may pass the edge of x. `ELU`: 1 where that is the activation. `LOW`: 1
 * for tiles of 16 positions x 32 channels instead of 28 x 32.
 */
export type Conv2dQuadKnobs = Conv2dKnobs & { PADDED: number; ELU: number; LOW: number };

/** The knobs for this convolution. `LOW`, a pipeline more, pays at up to 16 positions and from 29 to 32: less is computed twice. */
export function conv2dQuadKnobs(k: Conv2dKnobs): Conv2dQuadKnobs {
  const PADDED = k.PAD_H + k.PAD_W > 0 ? 1 : 0;
  const ELU = k.ACTIVATION === activations.elu ? 1 : 0;
  const rows = k.N * k.OH * k.OW;
  const LOW = rows <= 32 && (rows - 1) % 28 < 16 ? 1 : 0;
  return { ...k, PADDED, ELU, LOW, WORKGROUP: 16 };
}

export const conv2dQuad: Kernel<Conv2dQuadKnobs> = {
  name: 'conv2dQuad',
  shader,
  grid: (k) => linearGrid(4 * ceilDiv(k.N * k.OH * k.OW, k.LOW ? 16 : 28) * ceilDiv(k.K, 32), k.WORKGROUP),
  elements: conv2dElements,
  flops: conv2dFlops,
};

export const conv2dQuadReference: Reference<Conv2dQuadKnobs> = (inputs, k) => {
  const { KH, KW, C, K } = k;
  return conv2dReference({ ...inputs, w: unpackWeights(inputs.w!, { T: KH * KW, C, K }) }, k);
};

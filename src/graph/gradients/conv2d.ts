// The gradients of a convolution without an epilogue: y[m, k] = sum of x[window of m at (kh, kw), c] w[kh, kw, c, k].

import { PlumageError } from '../../errors.ts';
import { geometryOf } from '../../kernels/conv2d.ts';
import type { Node } from '../node.ts';
import type { Conv2dAttributes } from '../ops/conv2d.ts';
import { conv2dInputGradient } from '../ops/conv2dInputGradient.ts';
import { conv2dWeightGradient } from '../ops/conv2dWeightGradient.ts';
import type { Gradient } from './gradient.ts';

// dx[p, c] = sum of dy[m, k] w[kh, kw, c, k] over all m and (kh, kw) whose window reads pixel p
// dw[kh, kw, c, k] = sum of x[window of m at (kh, kw), c] dy[m, k] over all m
export const conv2dGradients: Gradient<Conv2dAttributes> = ({ name, inputs, attributes }, dy, needs) => {
  const { knobs, bare } = attributes;
  if (!bare) throw new PlumageError('internal', `${name}: no gradient of a conv2d with an epilogue - use bareConv2d`);
  const [x, w] = inputs as [Node, Node];
  const geometry = geometryOf(knobs);
  return [
    needs[0] ? conv2dInputGradient(`${name}/dx`, dy, w, geometry) : undefined,
    needs[1] ? conv2dWeightGradient(`${name}/dw`, dy, x, geometry) : undefined,
  ];
};

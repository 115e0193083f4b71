// The gradient of softmax and logSoftmax.

import type { SoftmaxAttributes } from '../ops/softmax.ts';
import { softmaxGradient } from '../ops/softmaxGradient.ts';
import type { Gradient } from './gradient.ts';

export const softmaxGradients: Gradient<SoftmaxAttributes> = (node, dy, _needs, y) => [
  softmaxGradient(`${node.name}/dx`, dy, y, node.attributes),
];

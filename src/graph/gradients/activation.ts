// The gradient of ReLU and ELU, from the value that they gave.

import type { ActivationAttributes } from '../ops/activation.ts';
import { activationGradient } from '../ops/activationGradient.ts';
import type { Gradient } from './gradient.ts';

export const activationGradients: Gradient<ActivationAttributes> = (node, dy, _needs, y) => [
  activationGradient(`${node.name}/dx`, dy, y, node.attributes.kind),
];

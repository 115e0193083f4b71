// The gradient of a sum: both summands get that of the sum, of which an activation lets through what it does.

import { activationGradient } from '../ops/activationGradient.ts';
import type { AddAttributes } from '../ops/add.ts';
import type { Gradient } from './gradient.ts';

export const addGradients: Gradient<AddAttributes> = (node, dy, _needs, y) => {
  const { activation } = node.attributes;
  const g = activation === 'none' ? dy : activationGradient(`${node.name}/g`, dy, y, activation);
  return [g, g];
};

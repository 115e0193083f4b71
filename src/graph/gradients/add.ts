// The gradient of a sum: both summands get that of the sum.

import { PlumageError } from '../../errors.ts';
import type { AddAttributes } from '../ops/add.ts';
import type { Gradient } from './gradient.ts';

export const addGradients: Gradient<AddAttributes> = ({ name, attributes }, dy) => {
  if (attributes.activation !== 'none') throw new PlumageError('internal', `${name}: no gradient with an activation`);
  return [dy, dy];
};

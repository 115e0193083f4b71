// The gradient of max pooling: the first maximum of a window gets all of it.

import type { MaxPoolAttributes } from '../ops/maxPool.ts';
import { maxPoolGradient, maxPoolIndices } from '../ops/maxPoolGradient.ts';
import type { Gradient } from './gradient.ts';

export const maxPoolGradients: Gradient<MaxPoolAttributes> = ({ name, inputs, attributes }, dy) => [
  maxPoolGradient(`${name}/dx`, dy, maxPoolIndices(`${name}/indices`, inputs[0]!, attributes), attributes),
];

// The gradient of the top-5 pool: a fifth for each of the 5 largest values, of equal ones the first.

import { topPoolGradient } from '../ops/topPoolGradient.ts';
import type { Gradient } from './gradient.ts';

export const topPoolGradients: Gradient<object> = ({ name, inputs }, dy) => [
  topPoolGradient(`${name}/dx`, dy, inputs[0]!),
];

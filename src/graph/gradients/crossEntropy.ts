// The gradient of the cross-entropy for its logits.

import type { CrossEntropyAttributes } from '../ops/crossEntropy.ts';
import { crossEntropyGradient } from '../ops/crossEntropyGradient.ts';
import type { Gradient } from './gradient.ts';

export const crossEntropyGradients: Gradient<CrossEntropyAttributes> = ({ name, inputs, attributes }, dy) => [
  crossEntropyGradient(`${name}/d`, dy, inputs[0]!, inputs[1]!, attributes),
  undefined,
];

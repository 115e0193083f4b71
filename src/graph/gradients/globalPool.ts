// The gradient of global pooling: of the mean an equal share for each position, of the maximum all for the first.

import type { GlobalPoolAttributes } from '../ops/globalPool.ts';
import { globalAveragePoolGradient, globalMaxPoolGradient } from '../ops/globalPoolGradient.ts';
import type { Gradient } from './gradient.ts';

export const globalPoolGradients: Gradient<GlobalPoolAttributes> = (node, dy, _needs, y) => {
  const [x, name] = [node.inputs[0]!, `${node.name}/dx`];
  return [
    node.attributes.maximum ? globalMaxPoolGradient(name, dy, x, y) : globalAveragePoolGradient(name, dy, x.shape),
  ];
};

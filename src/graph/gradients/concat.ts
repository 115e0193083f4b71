// The gradient of concat: each input gets its columns of dy.

import { sliceColumns } from '../ops/sliceColumns.ts';
import type { Gradient } from './gradient.ts';

export const concatGradients: Gradient<null> = ({ name, inputs }, dy, needs) => {
  let offset = 0;
  return inputs.map(({ shape }, i) => {
    const columns = shape[shape.length - 1]!;
    offset += columns;
    return needs[i] ? sliceColumns(`${name}/dx${i}`, dy, offset - columns, columns) : undefined;
  });
};

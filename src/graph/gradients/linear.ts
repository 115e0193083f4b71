// The gradients of a linear layer y = x w + b.

import { PlumageError } from '../../errors.ts';
import type { LinearAttributes } from '../ops/linear.ts';
import { columnSums, timesTransposed, transposedTimes } from '../ops/matmulScalar.ts';
import type { Gradient } from './gradient.ts';

export const linearGradients: Gradient<LinearAttributes> = ({ name, inputs, attributes }, dy, needs) => {
  if (attributes.activation !== 'none') throw new PlumageError('internal', `${name}: no gradient with an activation`);
  const [x, w] = inputs;
  return [
    // dx = dy w^T   (M, N) (K, N)^T -> (M, K)
    needs[0] ? timesTransposed(`${name}/dx`, dy, w!) : undefined,
    // dw = x^T dy   (M, K)^T (M, N) -> (K, N)
    needs[1] ? transposedTimes(`${name}/dw`, dy, x!) : undefined,
    // db = sum over the rows of dy
    needs[2] ? columnSums(`${name}/db`, dy) : undefined,
  ];
};

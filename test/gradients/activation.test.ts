import { test } from 'uvu';
import { elu, relu } from '../../src/graph/ops/activation.ts';
import { add } from '../../src/graph/ops/add.ts';
import { activateReference, activations } from '../../src/kernels/kernel.ts';
import { checkGradients } from '../harness/gradient.ts';

for (const [name, make] of Object.entries({ relu, elu })) {
  const kind = activations[name as 'relu' | 'elu'];
  test(`${name}: gradient, of a size that is no multiple of 4`, () =>
    checkGradients({
      inputs: { x: { shape: [3, 7] } },
      build: ({ x }) => make('y', x!),
      forward: ({ x }) => x!.map((v) => activateReference(v, kind)),
    }));

  test(`add: gradients of a sum with ${name}`, () =>
    checkGradients({
      inputs: { a: { shape: [2, 2, 9] }, b: { shape: [2, 2, 9] } },
      build: ({ a, b }) => add('y', a!, b!, { activation: name as 'relu' | 'elu' }),
      forward: ({ a, b }) => a!.map((v, i) => activateReference(v + b![i]!, kind)),
    }));
}

test.run();

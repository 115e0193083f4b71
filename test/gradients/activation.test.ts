import { test } from 'uvu';
import type { Node } from '../../src/graph/node.ts';
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
  test(`${name}: gradient of a value with two users, and with three`, async () => {
    const forward =
      (n: number) =>
      ({ x }: Readonly<Record<string, Float64Array>>) =>
        x!.map((v) => n * activateReference(v, kind));
    const inputs = { x: { shape: [3, 7] } };
    const twice = (y: Node) => add('twice', y, y);
    await checkGradients({ inputs, build: ({ x }) => twice(make('y', x!)), forward: forward(2) });
    const thrice = (y: Node) => add('thrice', twice(y), y);
    await checkGradients({ inputs, build: ({ x }) => thrice(make('y', x!)), forward: forward(3) });
  });
}

test.run();

import { test } from 'uvu';
import { derived } from '../../src/graph/node.ts';
import { crossEntropy } from '../../src/graph/ops/crossEntropy.ts';
import { crossEntropyReference } from '../../src/kernels/crossEntropy.ts';
import { checkGradients } from '../harness/gradient.ts';
import { randomValues } from '../harness/random.ts';

const labels = Uint32Array.of(3, 0, 10, 10, 7);

for (const { weight, smoothing } of [
  { weight: 1, smoothing: 0 },
  { weight: 2, smoothing: 0.1 },
]) {
  test(`crossEntropy: gradient, weight ${weight}, smoothing ${smoothing}`, () =>
    checkGradients({
      inputs: { logits: { shape: [5, 11], data: randomValues(55, 3, 4) } },
      build: ({ logits }) => {
        // The words of u32 labels as a constant.
        const words = derived('labels', [5], [], () => new Float32Array(labels.buffer));
        return crossEntropy('loss', logits!, { ...words, dtype: 'u32' }, { weight, smoothing });
      },
      forward: ({ logits }) => {
        const knobs = { N: 5, K: 11, WEIGHT: weight, SMOOTHING: smoothing, LINES: 1, LANES: 1 };
        const losses = crossEntropyReference({ logits: logits!, labels }, knobs).losses!;
        return [losses.reduce((a, b) => a + b, 0)];
      },
    }));
}

test.run();

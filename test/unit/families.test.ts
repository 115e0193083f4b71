// The strip's colours: every kernel of the engine that a network can be timed with has the family that it belongs to.

import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { familyOf } from '../../web/demo/families.ts';

test('kernels by family', () => {
  const kernels = readdirSync('shaders')
    .filter((name) => name.endsWith('.wgsl'))
    .map((name) => name.slice(0, -5));
  const named = (id: string) => kernels.filter((kernel) => familyOf(kernel).id === id);
  assert.equal(named('winograd'), ['winogradInput', 'winogradOutput', 'winogradProduct', 'winogradWeights']);
  assert.ok(
    named('convolution').includes('conv2dQuad') && named('convolution').every((name) => name.startsWith('conv2d')),
  );
  assert.ok(named('attention').includes('attend') && named('attention').includes('normaliseGram'));
  assert.ok(named('product').includes('matmulTiled') && named('product').includes('linear'));
  assert.ok(named('pool').includes('maxPool') && named('pool').includes('globalPool'));
  assert.equal(named('resize'), ['resizeColumns', 'resizeRows']);
  assert.ok(named('other').includes('add') && !named('other').some((name) => /^(conv|wino|attend|matmul)/.test(name)));
});

test.run();

// The door of the public API where there is no WebGPU, and where there is no adapter.

import { test } from 'uvu';
import { open } from '../../src/index.ts';
import { rejected } from '../harness/refused.ts';

function withGpu(gpu: unknown, work: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: gpu === undefined ? {} : { gpu }, configurable: true });
  return work().finally(() => {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  });
}

test('no WebGPU: which browsers have it', () =>
  withGpu(undefined, () =>
    rejected(open(), 'adapter', /^open: WebGPU, got nothing, expected navigator.gpu - use Chrome/),
  ));

test('WebGPU without an adapter: what to switch on', () =>
  withGpu({ requestAdapter: async () => null }, () =>
    rejected(open(), 'adapter', /^open: no WebGPU adapter - switch hardware acceleration on/),
  ));

test('an adapter that gives no device', async () => {
  const adapter = {
    limits: {},
    features: new Set(),
    info: { description: 'Card', vendor: '', architecture: '', device: '' },
    requestDevice: async () => {
      throw new Error('no memory');
    },
  };
  await rejected(open({ adapter: adapter as unknown as GPUAdapter }), 'adapter', /^Card: no device - no memory$/);
});

test.run();

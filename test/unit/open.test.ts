// The door of the public API where there is no WebGPU, and where there is no adapter.

import { test } from 'uvu';
import { Engine } from '../../src/engine/engine.ts';
import type { Device } from '../../src/gpu/device.ts';
import { open, writeSafetensors } from '../../src/index.ts';
import { rejected } from '../harness/refused.ts';

function withGpu(gpu: unknown, work: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: gpu === undefined ? {} : { gpu }, configurable: true });
  return work().finally(() => {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  });
}

test('no WebGPU, or a draft of it without adapter.info: which browsers have it', async () => {
  for (const gpu of [undefined, { requestAdapter: async () => ({}) }]) {
    await withGpu(gpu, () => rejected(open(), 'adapter', /^open: no usable WebGPU - use Chrome or Edge 127, /));
  }
});

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

test('a signal that has fired', () =>
  rejected(open({ signal: AbortSignal.abort() }), 'aborted', /^open: stopped by the caller's signal$/));

const file = writeSafetensors({
  tensors: new Map([['x', { shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) }]]),
  metadata: { plumage: '{"model":"other"}' },
});

/** What load() says when the file comes in these pieces, with this Content-Length. */
function loaded(pieces: Uint8Array[], length?: number): Promise<unknown> {
  const before = globalThis.fetch;
  globalThis.fetch = async () => {
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift();
        if (!piece) controller.close();
        else if (piece.length === 0) controller.error(new Error('cut'));
        else controller.enqueue(piece);
      },
    });
    return new Response(body, { headers: length === undefined ? {} : { 'content-length': `${length}` } });
  };
  return new Engine({} as Device).load('https://host/w').finally(() => {
    globalThis.fetch = before;
  });
}

const [head, tail] = [file.subarray(0, 11), file.subarray(11)];

// The configuration is refused only after header, layout and length were found right.
for (const length of [file.length, 5, 9000, undefined]) {
  test(`a file in pieces, Content-Length ${length}`, () =>
    rejected(loaded([head, tail], length), 'weights', /configuration: model, got "other"/));
}

test('a file that ends early, and a connection that breaks', async () => {
  await rejected(
    loaded([head, tail.subarray(0, -4)], file.length),
    'weights',
    /^https:\/\/host\/w: bytes of data, got 12/,
  );
  await rejected(
    loaded([head, new Uint8Array(0)], file.length),
    'network',
    /^https:\/\/host\/w: broke off, cut - try again/,
  );
});

test.run();

// The count of GPU bytes by engine, on a GPU that is made up.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countBuffers, heldBy } from '../../bench/gpuBytes.ts';

class Buffer {
  constructor(readonly size: number) {}
  destroy(): void {}
}

class Device {
  createBuffer({ size }: { size: number }): Buffer {
    return new Buffer(size);
  }
}

class Adapter {
  async requestDevice(): Promise<Device> {
    return new Device();
  }
}

test('a device that is opened during the work of an engine is its own', async () => {
  Object.assign(globalThis, { GPUAdapter: Adapter, GPUDevice: Device, GPUBuffer: Buffer });
  countBuffers();
  const open = () => new Adapter().requestDevice();
  const foreign = await open();
  const first = await heldBy('first').during(open);
  const second = await heldBy('second').during(open);
  foreign.createBuffer({ size: 1000 });
  const buffer = first.createBuffer({ size: 30 });
  first.createBuffer({ size: 12 });
  second.createBuffer({ size: 7 });
  assert.equal(heldBy('first').bytes(), { now: 42, peak: 42 });
  buffer.destroy();
  buffer.destroy();
  assert.equal(heldBy('first').bytes(), { now: 12, peak: 42 });
  assert.equal(heldBy('second').bytes(), { now: 7, peak: 7 });
  assert.equal(heldBy('none').bytes(), { now: 0, peak: 0 });
});

test.run();

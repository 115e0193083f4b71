// The benchmark's half in the page: engines prepared once, outputs compared, runs timed one at a time on request.

import { open } from '../src/engine/engine.ts';
import { readWeights } from '../src/formats/weights.ts';
import type { AdapterDescription } from '../src/gpu/device.ts';
import type { Tensor } from '../src/graph/tensor.ts';
import { parseConfig } from '../src/model/config.ts';
import type { Peer } from './peers.ts';
import { tfjsWebgpu } from './tfjs.ts';

const peers = new Map<string, Peer>();
const outputs = new Map<string, Float32Array>();
let x: Tensor;

const api = {
  /** Opens every engine on the page's adapter with the same weights and the same x (batch, size, size, 3). */
  async prepare(
    weightsUrl: string,
    size: number,
    batch: number,
  ): Promise<{ adapter: AdapterDescription; peers: string[] }> {
    const bytes = new Uint8Array(await (await fetch(weightsUrl)).arrayBuffer());
    const file = readWeights(bytes, weightsUrl);
    const engine = await open();
    const model = await engine.load(bytes, weightsUrl);
    const plumage: Peer = {
      name: 'plumage',
      prepare: async () => {},
      run: async (input) => (await model.run(input)).logits!.data,
      dispose: async () => {
        await model.dispose();
        engine.close();
      },
    };
    for (const peer of [plumage, tfjsWebgpu(file, parseConfig(file.metadata, weightsUrl))]) {
      await peer.prepare();
      peers.set(peer.name, peer);
    }
    const shape = [batch, size, size, 3];
    // A photo-like x: a smooth wave in every channel, in the range that the Keras weights expect.
    const data = Float32Array.from(
      { length: batch * size * size * 3 },
      (_, i) => 100 * Math.sin(i / 97) * Math.cos(i / 1013),
    );
    x = { shape, data };
    return { adapter: engine.adapter, peers: [...peers.keys()] };
  },

  /** Milliseconds of one run that ends at the read-back. */
  async time(name: string): Promise<number> {
    const start = performance.now();
    outputs.set(name, await peers.get(name)!.run(x));
    return performance.now() - start;
  },

  /** Largest absolute difference of the last outputs of `name` and of ours, and the largest magnitude of ours. */
  async difference(name: string): Promise<{ difference: number; magnitude: number }> {
    const ours = outputs.get('plumage')!;
    const theirs = outputs.get(name)!;
    if (ours.length !== theirs.length)
      throw new Error(`bench: ${name} gave ${theirs.length} logits, expected ${ours.length}`);
    let difference = 0;
    let magnitude = 0;
    ours.forEach((value, i) => {
      const apart = Math.abs(value - theirs[i]!);
      difference = Math.max(difference, apart);
      magnitude = Math.max(magnitude, Math.abs(value));
    });
    return { difference, magnitude };
  },

  async dispose(): Promise<void> {
    for (const peer of peers.values()) await peer.dispose();
  },
};

export type BenchApi = typeof api;

declare global {
  var plumageBench: BenchApi;
}

globalThis.plumageBench = api;

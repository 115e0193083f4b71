// One engine in a process of its own, driven by messages from node.ts: ours on Dawn, or onnxruntime-node's WebGPU provider.
// They are kept apart because each brings a Dawn of its own and reads its Vulkan drivers from the environment.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Ort from 'onnxruntime-common';
import { readWeights } from '../src/formats/weights.ts';
import { type AdapterReport, openAdapter } from '../src/node/adapter.ts';
import { answer } from '../src/worker/messages.ts';
import { checkFinite } from './assemble.ts';
import { OURS } from './cases.ts';
import * as ours from './engines/plumage.ts';
import type { Peer, ScriptTimes, Spec } from './peers.ts';
import { wave } from './wave.ts';

const [engine, where] = process.argv.slice(2) as [string, string];
let peer: Peer | undefined;
let spec: Spec;
let report: Promise<AdapterReport> | undefined;

/** What the parent may ask for; addresses in a spec are paths. */
const api = {
  async open(given: Spec): Promise<void> {
    await api.close();
    spec = given;
    peer = engine === OURS ? await ours.openNetwork(spec, await readFile(spec.weights), () => {}) : await openOrt();
  },

  async time(): Promise<{ milliseconds: number; script?: ScriptTimes; output: Float32Array }> {
    const inputs = [wave(spec.shape, 100)];
    const start = performance.now();
    const output = await peer!.run(inputs);
    const milliseconds = performance.now() - start;
    checkFinite(engine, output);
    return { milliseconds, script: peer!.script?.(), output };
  },

  async close(): Promise<void> {
    const old = peer;
    peer = undefined;
    await old?.dispose();
  },

  report: async () => (await report)!,
  adapter: () => ours.adapterOf(),
  ceilings: () => ours.ceilingsOf(),
  planned: async (given: Spec) => ours.plannedOf((await graph(given)).outputs),
  layers: async (given: Spec, repeats: number) => {
    const { outputs, file } = await graph(given);
    return ours.layersOf(outputs, file, [wave(given.shape, 100)], repeats);
  },
};

export type NodeRunner = typeof api;

async function graph(given: Spec) {
  const file = await readWeights(await readFile(given.weights), given.weights);
  return { file, outputs: ours.networkGraph(given, file) };
}

async function openOrt(): Promise<Peer> {
  const { InferenceSession, Tensor }: typeof Ort = createRequire(path.join(where, 'x.js'))('onnxruntime-node');
  const options = { executionProviders: ['webgpu'], logSeverityLevel: 3 } as const;
  const session = await InferenceSession.create(spec.onnx, options);
  return {
    async run([x]) {
      const outputs = await session.run({ x: new Tensor('float32', x!.data, x!.shape) });
      return outputs[spec.output]!.data as Float32Array;
    },
    dispose: () => session.release(),
  };
}

async function openOurs(): Promise<AdapterReport> {
  const { adapter, report } = await openAdapter({ adapter: where || undefined });
  await ours.theEngine(adapter);
  return report;
}

process.on('message', async ({ id, name, args }: { id: number; name: keyof NodeRunner; args: unknown[] }) => {
  const call = async () => {
    // Not before the first call, so that what goes wrong is its answer.
    if (engine === OURS) report ??= openOurs();
    await report;
    return (api[name] as (...values: unknown[]) => Promise<unknown>)(...args);
  };
  process.send!({ id, ...(await answer(call)) });
});
process.on('disconnect', () => process.exit()); // with its parent

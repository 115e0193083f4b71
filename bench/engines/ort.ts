// ONNX Runtime Web on our exported ONNX file. Its WebGPU and its wasm build are separate modules: ortWebgpu.ts, ortWasm.ts.

import type * as Ort from 'onnxruntime-common';
import type { Mark, Peer, Spec } from '../peers.ts';

export async function openOrt(
  { InferenceSession, Tensor, env }: typeof Ort,
  provider: 'webgpu' | 'wasm',
  { output }: Spec,
  model: Uint8Array,
  mark: Mark,
): Promise<Peer> {
  env.wasm.wasmPaths = '/ort/';
  env.wasm.numThreads = globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1;
  env.logLevel = 'error';
  const session = await InferenceSession.create(model, { executionProviders: [provider] });
  mark('session');
  return {
    async run([x]) {
      const outputs = await session.run({ x: new Tensor('float32', x!.data, x!.shape) });
      return outputs[output]!.data as Float32Array;
    },
    dispose: () => session.release(),
  };
}

// Runs ONNX models in onnxruntime-web on wasm: the judge of what the export writes.

import * as ort from 'onnxruntime-web';
import type { Tensor } from '../../src/graph/tensor.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** All outputs of the model by name. */
export async function runOnnx(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [
    name,
    new ort.Tensor('float32', data, shape),
  ]);
  try {
    const outputs = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [name, { shape: dims, data: data as Float32Array }]),
    );
  } finally {
    await session.release();
  }
}

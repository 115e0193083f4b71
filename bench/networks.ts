// The weights of the benchmark's networks and their exported ONNX, as bytes: made in Node, served to pages.

import { newModel } from '../src/cli/init.ts';
import { modelGraph } from '../src/engine/checkModel.ts';
import { writeOnnx } from '../src/formats/onnx.ts';
import { writeSafetensors } from '../src/formats/safetensors.ts';
import { readWeights } from '../src/formats/weights.ts';
import type { TensorFile } from '../src/graph/tensor.ts';
import { parseConfig, predictionOf } from '../src/model/config.ts';
import type { Network, NetworkName } from './cases.ts';

const CLASSES = 200;

/** A safetensors file: the ImageNet weights themselves, or an attention network that starts from them. */
export async function networkWeights(name: NetworkName, imagenet: Uint8Array): Promise<Uint8Array> {
  if (name === 'resnet50') return imagenet;
  const source = await readWeights(imagenet, 'imagenet');
  const classes = Array.from({ length: CLASSES }, (_, i) => `class ${i + 1}`);
  const { tensors, metadata } = newModel(source, 'imagenet', classes, { preset: name, size: 224, seed: 1 });
  // New attentions weigh nothing; switched on, a difference in them shows.
  for (const each of ['clca.gamma', 'cga.beta']) tensors.get(each)!.data.fill(0.5);
  return writeSafetensors({ tensors, metadata });
}

/** The export of a network for exactly this shape, with the one output that is compared. */
export async function networkOnnx({ size, batch }: Network, weights: Uint8Array): Promise<Uint8Array> {
  const file: TensorFile = await readWeights(weights, 'bench');
  const config = parseConfig(file.metadata, 'bench');
  return writeOnnx(modelGraph(config, [batch, size, size, 3], [predictionOf(config)]), file, { where: 'bench' });
}

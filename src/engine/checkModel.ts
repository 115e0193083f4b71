// A weights file against the model that its configuration describes.

import { mismatch } from '../errors.ts';
import { checkWeights } from '../formats/weights.ts';
import { input, type Shape } from '../graph/node.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { buildModel, expectedParameters, type ModelConfig, parseConfig, SMALLEST_SIZE } from '../model/config.ts';

/** The graph from x (N, H, W, 3) to the outputs by name; without `outputs` all but those that `hidden` names. */
export function modelGraph(
  config: ModelConfig,
  shape: readonly number[],
  outputs?: readonly string[],
): ReturnType<typeof buildModel> {
  return buildModel(config, input('x', shape), outputs);
}

/**
 * The configuration in a weights file, checked, and the tensors against the model that it describes.
 * @throws PlumageError `weights` in one line; `where` names the file.
 */
export function checkModel(file: TensorFile, where: string): ModelConfig {
  const { config, expected } = describeModel(file, where);
  checkWeights(file, expected, where);
  return config;
}

/** The configuration, and the tensors that the model has by name with their shapes in files. */
export function describeModel(file: TensorFile, where: string): { config: ModelConfig; expected: Map<string, Shape> } {
  const config = parseConfig(file.metadata, where);
  const last = config.model === 'plain' ? 'backbone.fc.weight' : 'heads.1.fc2.weight';
  const rows = file.tensors.get(last)?.shape[0] ?? config.classes.length;
  if (config.classes.length !== rows) {
    const expected = `${rows}, one for each output of the network`;
    throw mismatch('weights', `${where}: configuration`, 'class names', config.classes.length, expected);
  }
  return { config, expected: expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3])) };
}

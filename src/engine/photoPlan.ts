// Plans that begin at a decoded photo, and what they are fed.

import type { Photo } from '../data/decode.ts';
import {
  atSize,
  type Capacity,
  geometry,
  type PreprocessConfig,
  preprocessPresets,
  stretched,
} from '../data/preprocess.ts';
import { mismatch } from '../errors.ts';
import type { Feed } from '../gpu/session.ts';
import { input, type Node, state } from '../graph/node.ts';
import { preprocess, preprocessInto } from '../graph/ops/preprocess.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import { GEOMETRY_WORDS } from '../kernels/resizeRows.ts';
import { buildModel, type ModelConfig, predictionOf } from '../model/config.ts';

/** The output that is the softmax over the model's classes, beside those of buildModel(). */
export const PROBABILITIES = 'probabilities';

export function preprocessConfig({ model, preprocessing, size }: ModelConfig): PreprocessConfig {
  const preset = preprocessPresets[preprocessing];
  return atSize(model === 'plain' ? preset : stretched(preset), size);
}

/** The plan from a decoded photo to the named outputs, each (1, ...). */
export function photoPlan(
  config: ModelConfig,
  { pixels, rows }: Capacity,
  target: Target,
  names: readonly string[] = [PROBABILITIES],
): Plan {
  const x = preprocess('preprocess', ...photoInputs(pixels), { ...preprocessConfig(config), rows });
  return plan(outputsOf(config, x, names), target);
}

/** The same for several photos: a plan that makes one of them an image of the batch, and one from the batch on. */
export function batchPlans(
  config: ModelConfig,
  images: number,
  { pixels, rows }: Capacity,
  target: Target,
  names: readonly string[],
): { place: () => Plan; run: () => Plan } {
  const { size } = config;
  const x = state('x', [images, size, size, 3]);
  const options = { ...preprocessConfig(config), rows };
  return {
    place: () => plan({}, target, [preprocessInto('preprocess', x, ...photoInputs(pixels), options)]),
    run: () => plan(outputsOf(config, x, names), target),
  };
}

/** What plans for photos are fed. `image`: which of a batch it becomes. */
export function photoFeeds(photo: Photo, config: ModelConfig, image?: number): Record<string, Feed> {
  const { width, height, data } = photo;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { photo: bytes, geometry: geometry(width, height, preprocessConfig(config), { image }).words };
}

/** @throws PlumageError `input` for a photo that has no pixels or not as many as it says. */
export function checkPhoto({ width, height, data }: Photo): void {
  if (!(width > 0 && height > 0)) {
    throw mismatch('input', 'classify', 'size of the photo', [width, height], 'at least 1 x 1');
  }
  const bytes = 4 * width * height;
  if (data.length === bytes) return;
  throw mismatch('input', 'classify', 'bytes of the photo', data.length, `${bytes} (RGBA ${width} x ${height})`);
}

const photoInputs = (pixels: number): [photo: Node, geometry: Node] => [
  input('photo', [pixels], 'u32', true),
  input('geometry', [GEOMETRY_WORDS], 'u32'),
];

function outputsOf(config: ModelConfig, x: Node, names: readonly string[]): Record<string, Node> {
  const decides = predictionOf(config);
  const outputs = buildModel(
    config,
    x,
    names.map((name) => (name === PROBABILITIES ? decides : name)),
  );
  if (!names.includes(PROBABILITIES)) return outputs;
  const probabilities = softmax(PROBABILITIES, outputs[decides]!, 1);
  const named = names.map((name) => [name, name === PROBABILITIES ? probabilities : outputs[name]!] as const);
  return Object.fromEntries(named);
}

// What a frozen backbone says of an image, to be kept: all that training above it needs. An image's features are the values of
// the taps that the model reads, one after another.

import { elementCount, input, type Node, state } from '../graph/node.ts';
import type { ModelConfig } from '../model/config.ts';
import { params } from '../model/params.ts';
import { resnet50, type Taps } from '../model/resnet50.ts';

/** The plain model reads the last tap only. */
const read = ({ model }: ModelConfig): readonly (keyof Taps)[] =>
  model === 'plain' ? ['layer4'] : ['layer2', 'layer3', 'layer4'];

/** The taps that the model reads, of x (N, size, size, 3), the backbone's parameters constants. */
export function tapsOf(config: ModelConfig, x: Node): Partial<Taps> {
  const taps = resnet50(params('backbone'), x, config);
  return Object.fromEntries(read(config).map((tap) => [tap, taps[tap]]));
}

/** The taps as states: those that the model does not read cost nothing. */
export function featureStates(config: ModelConfig, images: number): Taps {
  const taps = resnet50(params('backbone'), input('x', [images, config.size, config.size, 3]), config);
  const kept = (tap: keyof Taps) => state(stateOf(tap), taps[tap].shape);
  return { layer2: kept('layer2'), layer3: kept('layer3'), layer4: kept('layer4') };
}

const PREFIX = 'features.';
const stateOf = (tap: keyof Taps): string => `${PREFIX}${tap}`;
export const isFeature = (name: string): boolean => name.startsWith(PREFIX);

/** Values of each tap of one image, by tap. */
function sizesOf(config: ModelConfig): [tap: keyof Taps, values: number][] {
  const states = featureStates(config, 1);
  return read(config).map((tap) => [tap, elementCount(states[tap].shape)]);
}

/** Values that are kept of an image. */
export const featureCount = (config: ModelConfig): number =>
  sizesOf(config).reduce((sum, [, values]) => sum + values, 0);

/** The features of each image of a batch, from the taps of all. */
export function splitTaps(config: ModelConfig, taps: Readonly<Record<string, Float32Array>>, images: number) {
  const count = featureCount(config);
  return Array.from({ length: images }, (_, image) => {
    const features = new Float32Array(count);
    let at = 0;
    for (const [tap, values] of sizesOf(config)) {
      features.set(taps[tap]!.subarray(image * values, (image + 1) * values), at);
      at += values;
    }
    return features;
  });
}

/** The states of a batch from the features of its images. */
export function joinFeatures(config: ModelConfig, features: readonly Float32Array[]): Map<string, Float32Array> {
  let at = 0;
  return new Map(
    sizesOf(config).map(([tap, values]) => {
      const all = new Float32Array(features.length * values);
      features.forEach((each, i) => {
        all.set(each.subarray(at, at + values), i * values);
      });
      at += values;
      return [stateOf(tap), all];
    }),
  );
}

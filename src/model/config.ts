// The configuration that a weights file carries in its metadata, checked, and the graph that it describes.

import { mismatch, PlumageError } from '../errors.ts';
import { type Node, type ParameterAttributes, parameterOp, reachable, type Shape } from '../graph/node.ts';
import { params } from './params.ts';
import { type BackboneConfig, resnet50Classifier } from './resnet50.ts';

/** The metadata key `plumage` of a weights file, as one JSON object. */
export interface ModelConfig extends BackboneConfig {
  readonly model: 'plain';
  /** How a photo becomes x: the normalisation that the weights were trained with. */
  readonly preprocessing: 'torchvision' | 'keras';
  /** Side of the square that classify() feeds, in pixels. */
  readonly size: number;
  readonly classes: readonly string[];
}

/** The smallest image that five halvings leave a position of. */
export const SMALLEST_SIZE = 32;

/** The checked configuration of a weights file; refuses what is missing or unknown. */
export function parseConfig(metadata: Readonly<Record<string, string>>, where: string): ModelConfig {
  const text = metadata.plumage;
  if (!text) {
    const advice = 'is it one of ours? `plumage weights convert` makes one from other files';
    throw mismatch('weights', where, 'metadata key plumage', 'nothing', 'the model configuration', advice);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PlumageError('weights', `${where}: metadata key plumage is not JSON`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new PlumageError('weights', `${where}: metadata key plumage is not a JSON object`);
  }
  const config = parsed as Record<string, unknown>;
  const check = (field: string, fits: boolean, expected: string) => {
    if (fits) return;
    const got = JSON.stringify(config[field])?.slice(0, 60) ?? 'nothing';
    throw mismatch('weights', `${where}: configuration`, field, got, expected);
  };
  const { model, variant, eps, preprocessing, size, classes } = config;
  check('model', model === 'plain', '"plain"');
  check('variant', variant === 'v1.5' || variant === 'v1', '"v1.5" or "v1"');
  check('eps', typeof eps === 'number' && eps > 0 && eps < 1, 'a number between 0 and 1');
  check('preprocessing', preprocessing === 'torchvision' || preprocessing === 'keras', '"torchvision" or "keras"');
  check('size', Number.isInteger(size) && (size as number) >= SMALLEST_SIZE, `a whole number from ${SMALLEST_SIZE}`);
  const names = Array.isArray(classes) && classes.length > 0 && classes.every((name) => typeof name === 'string');
  check('classes', names, 'a list of names');
  return config as unknown as ModelConfig;
}

/** The named outputs of the configured model for x (N, H, W, 3): `logits` (N, classes). */
export function buildModel(config: ModelConfig, x: Node): Record<string, Node> {
  return { logits: resnet50Classifier(params('backbone'), x, config, config.classes.length) };
}

/** File shapes of all parameters that `outputs` need, by name. */
export function expectedParameters(outputs: Readonly<Record<string, Node>>): Map<string, Shape> {
  const nodes = reachable(Object.values(outputs)).filter((node) => node.op === parameterOp);
  return new Map(nodes.map((node) => [node.name, (node.attributes as ParameterAttributes).fileShape]));
}

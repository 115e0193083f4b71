// The configuration that a weights file carries in its metadata, checked, and the graph that it describes.

import { mismatch, PlumageError } from '../errors.ts';
import { type Node, parameterOp, reachable, type Shape } from '../graph/node.ts';
import { type FinegrainedConfig, finegrained, maps } from './finegrained.ts';
import { params } from './params.ts';
import { type BackboneConfig, resnet50Classifier, SMALLEST_SIZE, type Taps } from './resnet50.ts';

/** What the backbone's weights need to be used with: its variant and eps, and how a photo becomes x. */
export interface SourceConfig extends BackboneConfig {
  /** The normalisation that the weights were trained with. */
  readonly preprocessing: 'torchvision' | 'keras';
}

interface CommonConfig extends SourceConfig {
  /** Side of the square that classify() feeds, in pixels. */
  readonly size: number;
  readonly classes: readonly string[];
}

export interface PlainConfig extends CommonConfig {
  readonly model: 'plain';
}

export interface PlumageConfig extends CommonConfig, FinegrainedConfig {
  readonly model: 'plumage';
}

/** The metadata key `plumage` of a weights file, as one JSON object. */
export type ModelConfig = PlainConfig | PlumageConfig;

export { SMALLEST_SIZE };

type Rule = readonly [fits: (value: unknown) => boolean, expected: string];

const oneOf = (...values: readonly (string | number)[]): Rule => {
  const texts = values.map((value) => JSON.stringify(value));
  return [(value) => values.some((each) => each === value), `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`];
};
const wholeFrom = (least: number): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `a whole number from ${least}`,
];
const between = (low: number, high: number): Rule => [
  (value) => typeof value === 'number' && value > low && value < high,
  `a number between ${low} and ${high}`,
];
const channels: Rule = [
  (value) => wholeFrom(4)[0](value) && (value as number) % 4 === 0,
  'a whole number from 4, a multiple of 4',
];
const names: Rule = [
  (value) => Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
  'a list of names',
];

const source: Record<keyof SourceConfig, Rule> = {
  variant: oneOf('v1.5', 'v1'),
  eps: between(0, 1),
  preprocessing: oneOf('torchvision', 'keras'),
};
const common = { model: oneOf('plain', 'plumage'), ...source, size: wholeFrom(SMALLEST_SIZE), classes: names };
const required = {
  plain: common,
  plumage: {
    ...common,
    mid: wholeFrom(1),
    d: channels,
    r: channels,
    /** Of those that divide the 2048 channels of the last stage. */
    groups: oneOf(8, 16, 32, 64),
    hidden: wholeFrom(1),
  },
};
const optional: Record<ModelConfig['model'], Record<string, Rule>> = {
  plain: {},
  plumage: {
    attention: oneOf('none', 'clca', 'cga', 'both'),
    clcaSign: oneOf(1, -1),
    affinity: oneOf('bilinear', 'identity'),
    fuse: oneOf('add', 'concat'),
    cgaSign: oneOf(1, -1),
    cgaScale: oneOf('sqrtN', 'n'),
    normalise: [(value) => typeof value === 'boolean', 'true or false'],
    tau: between(0, 1000),
    pool: oneOf('max', 'top5'),
  },
};

/** Fields of a configuration that say what the network is like, whatever it is trained on. */
export const networkFields = (model: ModelConfig['model']): string[] =>
  [...Object.keys(required[model]), ...Object.keys(optional[model])].filter((field) => !(field in common));

/** The checked configuration of a weights file; refuses what is missing or unknown. */
export function parseConfig(metadata: Readonly<Record<string, string>>, where: string): ModelConfig {
  return checkConfig(parseMetadata(metadata, where), where);
}

/** Only what a new model takes over with the backbone's weights. */
export function parseSource(metadata: Readonly<Record<string, string>>, where: string): SourceConfig {
  const config = parseMetadata(metadata, where);
  checkFields(config, source, where);
  const { variant, eps, preprocessing } = config as unknown as SourceConfig;
  return { variant, eps, preprocessing };
}

/** @throws PlumageError `weights`, naming the first field that is wrong, missing or unknown. */
export function checkConfig(config: Readonly<Record<string, unknown>>, where: string): ModelConfig {
  checkFields(config, { model: common.model }, where);
  const { model } = config as unknown as ModelConfig;
  checkFields(config, required[model], where);
  const options = Object.entries(optional[model]).filter(([field]) => config[field] !== undefined);
  checkFields(config, Object.fromEntries(options), where);
  const known = [...Object.keys(required[model]), ...Object.keys(optional[model])];
  const unknown = Object.keys(config).find((field) => !known.includes(field));
  if (unknown === undefined) return config as unknown as ModelConfig;
  const got = JSON.stringify(unknown.slice(0, 60));
  throw mismatch('weights', `${where}: configuration`, 'field', got, `only ${known.join(', ')}`);
}

function checkFields(config: Readonly<Record<string, unknown>>, rules: Record<string, Rule>, where: string): void {
  for (const [field, [fits, expected]] of Object.entries(rules)) {
    if (fits(config[field])) continue;
    const got = JSON.stringify(config[field])?.slice(0, 60) ?? 'nothing';
    throw mismatch('weights', `${where}: configuration`, field, got, expected);
  }
}

function parseMetadata(metadata: Readonly<Record<string, string>>, where: string): Record<string, unknown> {
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
  return parsed as Record<string, unknown>;
}

/** Outputs that a plan has only where they are named. */
const hidden: readonly string[] = [...maps, 'pooled', 'layer4', 'pooledCat'];

/** The output with the features that a search or a head of one's own is made on, (N, features). */
export const embeddingOf = ({ model }: ModelConfig): string => (model === 'plain' ? 'pooled' : 'pooledCat');

/**
 * The named outputs of the configured model for x (N, H, W, 3), or for its backbone's taps: of `plain`, those of resnet50Classifier(); of `plumage`,
 * those of finegrained(); maps and features only where `wanted` names them. `scope` hands out the parameters: by default those of
 * inference.
 * @throws PlumageError `input` for a wanted output that the model does not have.
 */
export function buildModel(
  config: ModelConfig,
  x: Node | Taps,
  wanted?: readonly string[],
  scope = params(),
): Record<string, Node> {
  const outputs =
    config.model === 'plain'
      ? resnet50Classifier(scope.at('backbone'), x, config, config.classes.length)
      : finegrained(scope, x, config);
  const chosen = wanted ?? Object.keys(outputs).filter((name) => !hidden.includes(name));
  return Object.fromEntries(chosen.map((name) => [name, output(outputs, name)]));
}

function output(outputs: Readonly<Record<string, Node>>, name: string): Node {
  const node = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  if (node) return node;
  throw mismatch('input', 'model', 'output', name, `one of ${Object.keys(outputs).join(', ')}`);
}

/** The output whose largest value says the class. */
export const predictionOf = ({ model }: ModelConfig): 'logits' | 'combined' =>
  model === 'plain' ? 'logits' : 'combined';

/** File shapes of all parameters that `outputs` need, by name. */
export function expectedParameters(outputs: Readonly<Record<string, Node>>): Map<string, Shape> {
  const nodes = reachable(Object.values(outputs)).filter((node) => node.op === parameterOp);
  return new Map(nodes.map((node) => [node.name, node.shape]));
}

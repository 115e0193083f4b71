// A head: a linear layer on the features of a network, with names for its classes. It runs in JavaScript, for it is small, and
// travels as a safetensors file of its own.

import { likeliest, type Prediction } from '../engine/likeliest.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { checkFinite } from '../formats/weights.ts';
import type { TensorFile } from '../graph/tensor.ts';

export interface HeadParts {
  readonly classes: readonly string[];
  /** (classes, features), row-major: `torch.nn.Linear`'s. */
  readonly weight: Float32Array;
  /** (classes). */
  readonly bias: Float32Array;
  readonly base?: string;
}

/** The metadata key of a head's file, as one JSON object. */
const KEY = 'plumageHead';

export class Head implements HeadParts {
  readonly classes: readonly string[];
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** What network the features are of, in the words of whoever taught the head. */
  readonly base?: string;

  /** By `teach` or `Head.read`. */
  constructor({ classes, weight, bias, base }: HeadParts) {
    this.classes = classes;
    this.weight = weight;
    this.bias = bias;
    this.base = base;
  }

  /** Values that it takes of a photo. */
  get features(): number {
    return this.weight.length / this.classes.length;
  }

  /**
   * The `top` likeliest classes of a photo's features, likeliest first: softmax(weight features + bias), in f64.
   * @throws PlumageError `input` for another number of features, or one that is not finite.
   */
  classify(features: Float32Array, top = 5): Prediction[] {
    const { bias, weight, features: length } = this;
    if (features.length !== length) {
      const advice = this.base ? `this head is for features of ${this.base}` : undefined;
      throw mismatch('input', 'head', 'features', features.length, length, advice);
    }
    const bad = features.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw mismatch('input', 'head', `feature ${bad}`, features[bad], 'a finite number');
    const logits = Array.from(bias, (sum, row) => {
      let logit = sum;
      for (let i = 0; i < length; i++) logit += weight[row * length + i]! * features[i]!;
      return logit;
    });
    const largest = Math.max(...logits);
    const terms = logits.map((logit) => Math.exp(logit - largest));
    const total = terms.reduce((sum, term) => sum + term, 0);
    const probabilities = Float32Array.from(terms, (term) => term / total);
    return likeliest(probabilities, this.classes, top);
  }

  /** A safetensors file: `head.weight` (classes, features) and `head.bias` (classes), the names in its metadata. */
  write(): Uint8Array {
    const { base, bias, classes, features, weight } = this;
    const tensors = new Map([
      ['head.weight', { shape: [classes.length, features], data: weight }],
      ['head.bias', { shape: [classes.length], data: bias }],
    ]);
    return writeSafetensors({ tensors, metadata: { [KEY]: JSON.stringify({ classes, base }) } });
  }

  /**
   * A head from the bytes of such a file; `where` names it in errors.
   * @throws PlumageError `weights` for anything else.
   */
  static read(bytes: Uint8Array, where = 'head'): Head {
    const file = readSafetensors(bytes, where);
    const { classes, base } = parseMetadata(file.metadata[KEY], where);
    const weight = readTensor(file, 'head.weight', `(${classes.length}, features)`, where, ([rows, columns, more]) => {
      return rows === classes.length && (columns ?? 0) > 0 && more === undefined;
    });
    const bias = readTensor(file, 'head.bias', `(${classes.length})`, where, (shape) => {
      return shape.join() === `${classes.length}`;
    });
    return new Head({ classes, base, weight, bias });
  }
}

const FOREIGN = 'bring a file that Head.write made';

function readTensor(
  file: TensorFile,
  name: string,
  expected: string,
  where: string,
  fits: (shape: readonly number[]) => boolean,
): Float32Array {
  const tensor = file.tensors.get(name);
  if (!tensor) throw mismatch('weights', where, `tensor ${name}`, 'nothing', `shape ${expected}`, FOREIGN);
  if (!fits(tensor.shape)) {
    throw mismatch('weights', `${where}: ${name}`, 'shape', [...tensor.shape], expected, 'a row for each class');
  }
  checkFinite(file, name, where);
  return tensor.data;
}

function parseMetadata(text: string | undefined, where: string): { classes: string[]; base?: string } {
  if (text === undefined)
    throw mismatch('weights', where, `metadata key ${KEY}`, 'nothing', "a head's classes", FOREIGN);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PlumageError('weights', `${where}: metadata key ${KEY} is not JSON - ${FOREIGN}`);
  }
  const { classes, base } = (parsed ?? {}) as Record<string, unknown>;
  if (!isNames(classes)) {
    const got = JSON.stringify(classes)?.slice(0, 60) ?? 'nothing';
    throw mismatch('weights', where, `classes in ${KEY}`, got, 'two or more different names', FOREIGN);
  }
  if (base !== undefined && typeof base !== 'string') {
    throw mismatch('weights', where, `base in ${KEY}`, JSON.stringify(base).slice(0, 60), 'a text or nothing', FOREIGN);
  }
  return { classes, base };
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length >= 2 &&
  value.every((name) => typeof name === 'string' && name !== '') &&
  new Set(value).size === value.length;

// What `plumage eval` finds out, as one JSON file: of all images or of a shard's, image by image, so that parts can be joined and
// the metrics be counted over all. Merged parts are the file of an unsharded run, byte for byte.

import { mismatch, PlumageError } from '../errors.ts';
import { largest, type Metrics, metricsOf, type Outcome, TOP } from './metrics.ts';
import { checkFacts, inShardOrder, noPart, type Part, type PartFacts } from './parts.ts';

/** An image that could not be read counts in no metric. */
export interface UnreadImage {
  readonly file: string;
  readonly label: number;
  readonly error: string;
}

/** `file` is relative to the data set's folder, with slashes. */
export type ImageResult = (Outcome & { readonly file: string }) | UnreadImage;

/** What all parts of an evaluation have in common, but perhaps the adapters. */
export interface EvaluationFacts {
  readonly model: string;
  /** Which network it is: `concat` of a plain one is the same as its top-1. */
  readonly network: 'plain' | 'plumage';
  /** The data set's folder, layout and part of it. */
  readonly data: string;
  readonly dataset: string;
  readonly split: string;
  /** Rows of pixels that were cropped off the bottom. */
  readonly banner: number;
  readonly precision: string;
  readonly adapters: readonly string[];
  readonly classes: readonly string[];
}

export interface Evaluation extends EvaluationFacts {
  /** Says what the file is. */
  readonly plumage: 'evaluation';
  /** Of a shard's part only. */
  readonly part?: PartFacts;
  readonly metrics: Metrics;
  readonly unread: number;
  readonly images: readonly ImageResult[];
}

export const isRead = <T extends ImageResult>(image: T): image is Exclude<T, UnreadImage> => !('error' in image);

export function evaluation(facts: EvaluationFacts, images: readonly ImageResult[], part?: PartFacts): Evaluation {
  const read = images.filter(isRead);
  const metrics = metricsOf(read, facts.classes.length);
  const own = part ? { part } : {};
  return { plumage: 'evaluation', ...own, ...facts, metrics, unread: images.length - read.length, images };
}

/** What the network said as an outcome: logits of the output that decides, and of the concatenated branches. */
export function outcome(label: number, decides: Float32Array, concat: Float32Array): Outcome {
  if (!decides.every(Number.isFinite) || !concat.every(Number.isFinite)) {
    throw new PlumageError('input', 'logits are not all finite - does --precision f32 help?');
  }
  const top = largest(decides, TOP);
  const most = decides[top[0]!]!;
  const sum = decides.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return { label, top, probability: Number((1 / sum).toPrecision(6)), concat: largest(concat, 1)[0]! };
}

/** One line an image, so that tools for lines can read it too. */
export function evaluationText({ images, ...rest }: Evaluation): string {
  const lines = images.map((image) => JSON.stringify(image)).join(',\n');
  return `${JSON.stringify(rest).slice(0, -1)},"images":[\n${lines}\n]}\n`;
}

/** @throws PlumageError `input` where the text is no evaluation. */
export function readEvaluation(text: string, file: string): Evaluation {
  let parsed: Partial<Evaluation>;
  try {
    parsed = JSON.parse(text) as Partial<Evaluation>;
  } catch {
    throw noPart(file);
  }
  if (parsed?.plumage !== 'evaluation' || !Array.isArray(parsed.images) || !Array.isArray(parsed.classes)) {
    throw noPart(file);
  }
  return parsed as Evaluation;
}

export function readEvaluationPart(text: string, file: string): Part<Evaluation> {
  const content = readEvaluation(text, file);
  if (content.part) return { file, facts: checkFacts(content.part, file), content };
  throw mismatch('input', file, 'part', 'a whole evaluation', 'what plumage eval wrote with --shard');
}

/** All images together. The first part says where model and data are. */
export function mergeEvaluations(parts: readonly Part<Evaluation>[]): Evaluation {
  const ordered = inShardOrder(parts).map(({ content }) => content);
  const { plumage: _, part: __, metrics: ___, unread: ____, images: _____, ...facts } = ordered[0]!;
  const adapters = [...new Set(ordered.flatMap((each) => each.adapters))].sort();
  return evaluation(
    { ...facts, adapters },
    ordered.flatMap(({ images }) => images),
  );
}

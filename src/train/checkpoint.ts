// Checkpoints: everything that a run needs to go on bit for bit as if never stopped, as one safetensors file. Pure: bytes in
// and out; writing them whole or not at all is the command's.

import { mismatch, PlumageError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import type { Choices } from '../gpu/device.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type ModelConfig, parseConfig } from '../model/config.ts';
import { random } from '../model/random.ts';
import { checkRecipe, type Recipe } from './recipe.ts';

/** How far a run is. */
export interface Position {
  /** Whole epochs done, and images taken of the next one's order. */
  readonly epoch: number;
  readonly position: number;
  /** Steps done in all. */
  readonly step: number;
  /** Of the epoch under way: steps, their summed loss, images said right, images that could not be read. */
  readonly steps: number;
  readonly loss: number;
  readonly correct: number;
  readonly skipped: number;
  /** Epochs done when something was last evaluated. */
  readonly evaluated: number;
  /** The best evaluation, and how many have come since. */
  readonly best?: { readonly epoch: number; readonly accuracy: number };
  readonly since: number;
}

export const atStart: Position = {
  epoch: 0,
  position: 0,
  step: 0,
  steps: 0,
  loss: 0,
  correct: 0,
  skipped: 0,
  evaluated: 0,
  since: 0,
};

/** What a run is beside its weights. */
export interface RunState {
  readonly recipe: Recipe;
  readonly at: Position;
  /** `fingerprintOf` the training images. */
  readonly images: string;
  /** Adapter and kernel forms: other kernels round otherwise. */
  readonly adapter: string;
  readonly choices: Choices;
}

export interface Checkpoint {
  readonly config: ModelConfig;
  /** Weights, running statistics and `velocity.<name>`, in files' layout. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly state: RunState;
}

const VELOCITY = 'velocity.';

export function writeCheckpoint({ config, tensors, state }: Checkpoint): Uint8Array {
  const metadata = { plumage: JSON.stringify(config), training: JSON.stringify(state) };
  return writeSafetensors({ tensors: new Map(tensors), metadata });
}

/** @throws PlumageError `weights` for a file that is damaged or no checkpoint; `where` names it. */
export function readCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, where);
  const text = metadata.training;
  if (text === undefined) {
    throw mismatch('weights', where, 'metadata key training', 'nothing', 'the state of a run', 'is it a checkpoint?');
  }
  let state: RunState;
  try {
    state = JSON.parse(text);
  } catch (error) {
    throw new PlumageError('weights', `${where}: metadata key training is not JSON`, { cause: error });
  }
  const recipe = checkRecipe(state.recipe as unknown as Record<string, unknown>, where);
  return { config: parseConfig(metadata, where), tensors, state: { ...state, recipe } };
}

/** The weights file of a model in training: what inference needs, nothing else. */
export function weightsOf(
  config: ModelConfig,
  tensors: ReadonlyMap<string, Tensor>,
  dtype: 'F32' | 'F16' = 'F32',
): Uint8Array {
  const weights = [...tensors].filter(([name]) => !name.startsWith(VELOCITY));
  return writeSafetensors({ tensors: new Map(weights), metadata: { plumage: JSON.stringify(config) } }, dtype);
}

/** Tells lists of images apart: names within the data set and labels, in order. */
export function fingerprintOf(images: readonly { readonly file: string; readonly label: number }[], root = ''): string {
  const next = random(images.map(({ file, label }) => `${file.slice(root.length)}\n${label}`).join('\n'));
  const word = () =>
    Math.floor(next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return `${images.length} ${word()}${word()}`;
}

// The folder of a training run: its configuration, its checkpoint, the lines of metrics, and the weights that come out of it.

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { PlumageError } from '../errors.ts';
import { readWeights } from '../formats/weights.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ModelConfig } from '../model/config.ts';
import { acquire } from '../node/cache.ts';
import type { Kind } from '../node/datasets/dataset.ts';
import { type Checkpoint, type Position, readCheckpoint } from '../train/checkpoint.ts';
import { eventLine, eventsBefore, readEvents, type TrainingEvent } from '../train/events.ts';
import type { Recipe } from '../train/recipe.ts';
import { readInput } from './readInput.ts';
import { cannotWrite, checkWritable, replaceFile } from './replaceFile.ts';

/** `config.json`: all that the run was asked to do. */
export interface RunConfig {
  readonly plumage: string;
  readonly data: string;
  readonly dataset: Kind;
  /** Only these classes. */
  readonly classes?: readonly string[];
  /** Instead of the layout's own. */
  readonly banner?: number;
  /** How final.safetensors is stored, and steps from one checkpoint within an epoch to the next. */
  readonly f16?: boolean;
  readonly saveEvery?: number;
  readonly model: string;
  readonly recipe: Recipe;
  readonly network: ModelConfig;
}

const FILES = {
  config: 'config.json',
  checkpoint: 'checkpoint.safetensors',
  best: 'best.safetensors',
  final: 'final.safetensors',
  metrics: 'metrics.jsonl',
  page: 'curves.html',
  features: 'features.bin',
  featureIndex: 'features.json',
} as const;

export class RunFolder {
  #release: (() => Promise<void>) | undefined;

  constructor(readonly path: string) {}

  file(name: keyof typeof FILES): string {
    return path.join(this.path, FILES[name]);
  }

  has(name: keyof typeof FILES): boolean {
    return existsSync(this.file(name));
  }

  /** Makes the folder and tries it. @throws PlumageError `input` where it cannot be written. */
  create(): void {
    try {
      makeFolder(path.resolve(this.path));
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    checkWritable(this.file('checkpoint'));
  }

  /** @throws PlumageError `input` where a run is in the folder. */
  checkNew(): void {
    if (!this.has('config')) return;
    const advice = 'add --resume to go on with it, or name another folder';
    throw new PlumageError('input', `${this.path}: there is a run already - ${advice}`);
  }

  /** Waits until no other process trains in the folder, which has to exist, and keeps others out until letGo(). */
  async hold(signal: AbortSignal, onWait: () => void): Promise<void> {
    try {
      this.#release ??= await acquire(this.file('config'), { signal, onWait });
      this.#removeLeftovers();
    } catch (error) {
      if (signal.aborted) throw new PlumageError('aborted', 'train: stopped before it began');
      throw cannotWrite(this.path, error);
    }
  }

  async letGo(): Promise<void> {
    await this.#release?.().catch(() => {}); // it is gone already where this process slept for long
    this.#release = undefined;
  }

  /** What a killed process left half-written. The page is not the run's alone: `plumage watch` writes it too. */
  #removeLeftovers(): void {
    const mine = Object.values(FILES).filter((name) => name !== FILES.page);
    const isLeft = (name: string) => /\.\d+\.partial$/.test(name) && mine.some((each) => name.startsWith(`${each}.`));
    for (const name of readdirSync(this.path).filter(isLeft)) rmSync(path.join(this.path, name), { force: true });
  }

  writeConfig(config: RunConfig): void {
    replaceFile(this.file('config'), Buffer.from(`${JSON.stringify(config, null, 2)}\n`));
  }

  /** @throws PlumageError `input` where there is no run. */
  readConfig(): RunConfig {
    const file = this.file('config');
    if (!existsSync(file)) {
      const advice = 'name the folder of one, or begin it by plumage train without --resume';
      throw new PlumageError('input', `${this.path}: is no run, ${FILES.config} is missing - ${advice}`);
    }
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new PlumageError('input', `${file}: cannot be read as JSON - bring the run's own file`, { cause: error });
    }
  }

  readCheckpoint(): Checkpoint | undefined {
    if (!this.has('checkpoint')) return undefined;
    const file = this.file('checkpoint');
    return readCheckpoint(readInput(file, 'checkpoint'), file);
  }

  /** The tensors of the weights that were best so far. */
  async readBest(): Promise<ReadonlyMap<string, Tensor>> {
    const file = this.file('best');
    return (await readWeights(readInput(file, 'weights'), file)).tensors;
  }

  save(name: 'checkpoint' | 'best' | 'final', bytes: Uint8Array): void {
    replaceFile(this.file(name), bytes);
  }

  readEvents(): TrainingEvent[] {
    return this.has('metrics') ? readEvents(readFileSync(this.file('metrics'), 'utf8')) : [];
  }

  /** Leaves the metrics as they were when the checkpoint was made. */
  cutMetrics(at: Position): void {
    const lines = eventsBefore(this.readEvents(), at).map(eventLine);
    replaceFile(this.file('metrics'), Buffer.from(lines.join('')));
  }

  append(event: TrainingEvent): void {
    try {
      appendFileSync(this.file('metrics'), eventLine(event));
    } catch (error) {
      throw cannotWrite(this.file('metrics'), error);
    }
  }
}

/** NOTE: step by step, for mkdir's own recursion never returns under /proc. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder);
}

// `plumage classify`: photos in, the likeliest classes out, with where the time went.

import { Command } from 'commander';
import type { OpenTimes, Photo, Prediction } from '../engine/model.ts';
import { PlumageError } from '../errors.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import { median } from '../gpu/profile.ts';
import { decodePhoto } from '../node/decode.ts';
import { openRuntime, type Runtime } from '../node/runtime.ts';
import { adapterText, profileText, resultText, timesText } from './classifyText.ts';
import { jsonOption, modelFile, modelOption, runtimeOptions, type SharedOptions, wholeNumber } from './options.ts';
import { type Progress, startProgress } from './progress.ts';
import { samplePhotos } from './samples.ts';
import { firstLine, print } from './text.ts';

interface ClassifyOptions extends SharedOptions {
  readonly top: number;
  readonly json?: boolean;
  readonly profile?: boolean;
}

/** Milliseconds; `first` and `steady` are one photo from its upload to its answer. */
export interface Milliseconds {
  weights: number;
  plan: number;
  pipelines: number;
  first: number;
  steady: number;
}

interface Image {
  readonly file: string;
  readonly name: string;
}

type Result = { file: string; top: Prediction[] } | { file: string; error: string };

const EXAMPLE = `
Examples:
  $ plumage classify                               the sample photos
  $ plumage classify bird.jpg cat.png --top 3
  $ plumage classify bird.jpg --runtime chrome --json
  $ plumage classify bird.jpg --profile            the slowest layers`;

export function classifyCommand(): Command {
  const command = new Command('classify')
    .description('say what is on photos (JPEG, PNG, WebP, AVIF); without any, on the sample photos')
    .argument('[image...]', 'photos')
    .option('--top <n>', 'classes to show for each photo', wholeNumber, 5)
    .addOption(modelOption());
  for (const option of runtimeOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .option('--profile', 'also time every layer and show the slowest (with --json all)')
    .addHelpText('after', EXAMPLE)
    .action(classify);
}

async function classify(files: string[], options: ClassifyOptions): Promise<void> {
  const images = files.length > 0 ? files.map((file) => ({ file, name: file })) : samplePhotos();
  const progress = startProgress(options.json);
  const run = new Classification(options, progress);
  try {
    for (const [i, image] of images.entries()) {
      const place = images.length > 1 ? ` (${i + 1} of ${images.length})` : '';
      const result = await run.one(image, `classifying ${image.name}${place}`);
      if ('error' in result) {
        progress.error(result.error);
        process.exitCode = 1;
      } else if (!options.json) print(`${resultText(image.name, result.top)}\n`);
    }
    await run.finish();
    const { results, adapter, milliseconds, profile } = run;
    if (options.json) {
      const facts = { adapter: adapter?.name ?? null, milliseconds: milliseconds ?? null };
      print(JSON.stringify({ ...facts, images: results, profile }));
    } else if (adapter && milliseconds) {
      print(adapterText(adapter, run.host));
      print(timesText(milliseconds));
      if (profile) print(`\n${profileText(profile)}`);
    }
  } finally {
    await run.close();
  }
}

/** One run of the command: the engine is opened for the first photo that can be read, so bad photos cost nothing. */
class Classification {
  readonly results: Result[] = [];
  adapter: AdapterDescription | undefined;
  milliseconds: Milliseconds | undefined;
  profile: Awaited<ReturnType<Runtime['profile']>> | undefined;
  #runtime: Runtime | undefined;
  #opened: OpenTimes = { plan: 0, pipelines: 0 };
  readonly #steady: number[] = [];
  #last: Photo | undefined;

  constructor(
    readonly options: ClassifyOptions,
    readonly progress: Progress,
  ) {}

  get host(): string {
    return this.#runtime?.host ?? '';
  }

  async one({ file }: Image, label: string): Promise<Result> {
    const result = await this.#top(file, label).then(
      (top) => ({ file, top }),
      (error) => ({ file, error: photoProblem(file, error) }),
    );
    this.results.push(result);
    return result;
  }

  /** A second run of the last photo, where no run so far was a steady one, and the profile. */
  async finish(): Promise<void> {
    const [runtime, photo, milliseconds] = [this.#runtime, this.#last, this.milliseconds];
    if (!runtime || !photo || !milliseconds) return;
    if (this.#steady.length === 0) {
      const again = () => timed(() => runtime.classify(photo, 1));
      this.#steady.push((await this.progress.during('running it again for the steady time', again)).milliseconds);
    }
    milliseconds.steady = median(this.#steady);
    for (const key of Object.keys(milliseconds) as (keyof Milliseconds)[]) {
      milliseconds[key] = Math.round(milliseconds[key] * 100) / 100;
    }
    if (this.options.profile)
      this.profile = await this.progress.during('timing every layer', () => runtime.profile(photo));
  }

  async close(): Promise<void> {
    await this.#runtime?.close();
  }

  async #top(file: string, label: string): Promise<Prediction[]> {
    const photo = await decodePhoto(file);
    const runtime = await this.#open();
    const milliseconds = this.milliseconds!;
    const opened = await this.progress.during('compiling the kernels', () => runtime.prepare(photo));
    // A larger photo than those before it opens a new session; its first run is no steady one either.
    const isNew = opened.plan !== this.#opened.plan || opened.pipelines !== this.#opened.pipelines;
    if (isNew) {
      this.#opened = opened;
      milliseconds.plan += opened.plan;
      milliseconds.pipelines += opened.pipelines;
    }
    const run = await this.progress.during(label, () => timed(() => runtime.classify(photo, this.options.top)));
    if (!this.#last) milliseconds.first = run.milliseconds;
    else if (!isNew) this.#steady.push(run.milliseconds);
    this.#last = photo;
    return run.value;
  }

  async #open(): Promise<Runtime> {
    if (this.#runtime) return this.#runtime;
    const { options, progress } = this;
    const fetched = await timed(() => modelFile(options.model, progress));
    const opening = options.runtime === 'chrome' ? 'starting the browser' : 'opening the adapter';
    const runtime = await progress.during(opening, () => openRuntime(options));
    this.#runtime = runtime;
    this.adapter = runtime.adapter;
    const loaded = await timed(() => progress.during('reading the weights', () => runtime.load(fetched.value)));
    const weights = fetched.milliseconds + loaded.milliseconds;
    this.milliseconds = { weights, plan: 0, pipelines: 0, first: 0, steady: 0 };
    return runtime;
  }
}

/** The line for a photo that cannot be classified; throws what concerns more than this photo. */
function photoProblem(file: string, error: unknown): string {
  if (!(error instanceof PlumageError) || !['input', 'limit'].includes(error.code)) throw error;
  const line = firstLine(error);
  return line.includes(file) ? line : `${file}: ${line}`;
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, milliseconds: performance.now() - start };
}

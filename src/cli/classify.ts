// `plumage classify`: photos in, the likeliest classes out, with where the time went.

import { Command, Option } from 'commander';
import type { Photo } from '../data/decode.ts';
import type { Prediction } from '../engine/likeliest.ts';
import type { OpenTimes } from '../engine/sharedSession.ts';
import { mismatch } from '../errors.ts';
import { median } from '../gpu/profile.ts';
import type { ModelConfig } from '../model/config.ts';
import { hasAttentionMaps } from '../model/hasAttentionMaps.ts';
import { decodePhoto } from '../node/decode.ts';
import { heatmap } from '../node/heatmap.ts';
import { openRuntime, type Runtime } from '../node/runtime.ts';
import { classifyFolder } from './classifyFolder.ts';
import { adapterText, type Milliseconds, profileText, resultText, timesText } from './classifyText.ts';
import { bannerOption } from './datasetOptions.ts';
import {
  jsonOption,
  modelFile,
  modelOption,
  runtimeOptions,
  type ShardOptions,
  type SharedOptions,
  shardOptions,
  wholeNumber,
} from './options.ts';
import { photoError } from './photoRun.ts';
import { type Progress, startProgress } from './progress.ts';
import { checkWritable, replaceFile } from './replaceFile.ts';
import { samplePhotos } from './samples.ts';
import { print } from './text.ts';

interface ClassifyOptions extends SharedOptions, ShardOptions {
  readonly top: number;
  readonly csv?: string;
  readonly json?: boolean;
  readonly profile?: boolean;
  readonly heatmap?: string;
  readonly banner: number;
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
  $ plumage classify bird.jpg --profile            the slowest layers
  $ plumage classify bird.jpg --model birds.safetensors --heatmap where.png
  $ plumage classify 0030413.jpg --model planes.safetensors --banner 20   a photo of FGVC-Aircraft
  $ plumage classify photos --csv photos.csv       all photos in a folder and below
  $ plumage classify photos --csv part3.csv --shard 3/16   a part of them: docs/clusters.md`;

/** Classes that a heatmap's caption names. */
const CAPTION_LINES = 3;

export function classifyCommand(): Command {
  const command = new Command('classify')
    .description('say what is on photos (JPEG, PNG, WebP, AVIF, GIF); without any, on the sample photos')
    .argument('[image...]', 'photos, or with --csv one folder')
    .option('--top <n>', 'classes to show for each photo', wholeNumber, 5)
    .addOption(modelOption());
  for (const option of runtimeOptions()) command.addOption(option);
  for (const option of shardOptions()) command.addOption(option);
  return command
    .addOption(jsonOption())
    .addOption(
      new Option('--csv <file>', 'classify a whole folder into a table; - is standard output').conflicts([
        ...['json', 'profile', 'heatmap'],
      ]),
    )
    .option('--profile', 'also time every layer and show the slowest (with --json all)')
    .addOption(bannerOption('rows of pixels to crop off the bottom of photos').default(0))
    .option(
      '--heatmap <file>',
      'also draw where the network looks, as a PNG: the branches of a fine-grained one, the class activation of a plain one',
    )
    .addHelpText('after', EXAMPLE)
    .action(classify);
}

async function classify(files: string[], options: ClassifyOptions): Promise<void> {
  const { csv, shard, shards } = options;
  if (csv !== undefined) return classifyFolder(files, { ...options, csv });
  if (shard !== undefined || shards !== undefined) {
    throw mismatch('input', '--shard', '--csv', 'nothing', 'the file for its part of a folder');
  }
  const images = files.length > 0 ? files.map((file) => ({ file, name: file })) : samplePhotos();
  if (options.heatmap !== undefined) {
    if (images.length !== 1) throw mismatch('input', '--heatmap', 'photos', images.length, 'one', 'name one photo');
    checkWritable(options.heatmap);
  }
  const run = new Classification(options, startProgress(options.json));
  try {
    for (const [i, image] of images.entries()) {
      const photo = await run.decode(image);
      if (!photo) continue;
      // Only now, so that bad photos alone fetch and start nothing.
      await run.open();
      const place = images.length > 1 ? ` (${i + 1} of ${images.length})` : '';
      const top = await run.classify(image, photo, `classifying ${image.name}${place}`);
      if (top && !options.json) print(`${resultText(image.name, top)}\n`);
      if (top && options.heatmap !== undefined) {
        await run.drawHeatmap(photo, top, options.heatmap);
        if (!options.json) print(`heatmap  ${options.heatmap}`);
      }
    }
    await run.finish();
    if (options.json) print(JSON.stringify(run.json()));
    else if (run.text()) print(run.text());
  } finally {
    await run.close();
  }
}

/** One run of the command. What concerns one photo only is reported and leaves the others alone; all else rejects. */
class Classification {
  readonly #results: Result[] = [];
  readonly #steady: number[] = [];
  readonly #milliseconds: Milliseconds = { weights: 0, plan: 0, pipelines: 0, first: 0, steady: 0 };
  #runtime: Runtime | undefined;
  #opened: OpenTimes = { plan: 0, pipelines: 0 };
  #last: Photo | undefined;
  #profile: Awaited<ReturnType<Runtime['profile']>> | undefined;

  constructor(
    readonly options: ClassifyOptions,
    readonly progress: Progress,
  ) {}

  decode({ file }: Image): Promise<Photo | undefined> {
    return this.#forPhoto(file, () => decodePhoto(file, this.options.banner));
  }

  /** Fetches the weights and opens the engine, once. */
  async open(): Promise<void> {
    if (this.#runtime) return;
    const { options, progress } = this;
    const fetched = await timed(() => modelFile(options.model, progress));
    const opening = options.runtime === 'chrome' ? 'starting the browser' : 'opening the adapter';
    const runtime = await progress.during(opening, () => openRuntime(options));
    this.#runtime = runtime;
    const loaded = await timed(() => progress.during('reading the weights', () => runtime.load(fetched.value)));
    if (options.heatmap !== undefined) checkAttention(loaded.value);
    this.#milliseconds.weights = fetched.milliseconds + loaded.milliseconds;
  }

  classify({ file }: Image, photo: Photo, label: string): Promise<Prediction[] | undefined> {
    return this.#forPhoto(file, async () => {
      const runtime = this.#runtime!;
      const milliseconds = this.#milliseconds;
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
      this.#results.push({ file, top: run.value });
      return run.value;
    });
  }

  async drawHeatmap(photo: Photo, top: readonly Prediction[], file: string): Promise<void> {
    const work = () => this.#runtime!.attention(photo);
    const { crop, maps } = await this.progress.during('asking for the attention maps', work);
    const panels = Object.entries(maps!).map(([name, { shape, data }]) => {
      return { name, height: shape[1]!, width: shape[2]!, data };
    });
    const caption = top.slice(0, CAPTION_LINES).map(({ label, probability }) => {
      return { label: label.replaceAll('_', ' '), probability };
    });
    replaceFile(file, await heatmap(photo, crop, panels, caption));
  }

  /** A second run of the last photo, where no run so far was a steady one, and the profile. */
  async finish(): Promise<void> {
    const [runtime, photo, milliseconds] = [this.#runtime, this.#last, this.#milliseconds];
    if (!runtime || !photo) return;
    if (this.#steady.length === 0) {
      const again = () => timed(() => runtime.classify(photo, 1));
      this.#steady.push((await this.progress.during('running it again for the steady time', again)).milliseconds);
    }
    milliseconds.steady = median(this.#steady);
    for (const key of Object.keys(milliseconds) as (keyof Milliseconds)[]) {
      milliseconds[key] = Math.round(milliseconds[key] * 100) / 100;
    }
    if (!this.options.profile) return;
    this.#profile = await this.progress.during('timing every layer', () => runtime.profile(photo));
  }

  /** Adapter and milliseconds are null where no photo could be classified. */
  json() {
    const done = this.#last !== undefined;
    return {
      adapter: done ? this.#runtime!.adapter.name : null,
      precision: this.options.precision,
      milliseconds: done ? this.#milliseconds : null,
      images: this.#results,
      profile: this.#profile,
    };
  }

  /** What follows the photos. */
  text(): string {
    if (!this.#runtime || !this.#last) return '';
    const lines = [
      adapterText(this.#runtime.adapter, this.#runtime.host, this.options.precision),
      timesText(this.#milliseconds),
    ];
    if (this.#profile) lines.push('', profileText(this.#profile));
    return lines.join('\n');
  }

  async close(): Promise<void> {
    await this.#runtime?.close();
  }

  /** Runs `work`; where it rejects because of this photo, reports that in one line and gives nothing. */
  async #forPhoto<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const message = photoError(error, file);
      this.#results.push({ file, error: message });
      this.progress.error(message);
      process.exitCode = 1;
      return undefined;
    }
  }
}

/** @throws PlumageError `input` for a model whose branches do not look at each other. */
function checkAttention(config: ModelConfig): void {
  if (config.model === 'plain' || hasAttentionMaps(config)) return;
  const expected = 'one with attention clca or both, as presets paper and lite have it, or a plain one';
  throw mismatch('input', '--heatmap', 'model', `one with attention ${config.attention}`, expected);
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, milliseconds: performance.now() - start };
}

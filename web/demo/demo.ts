// The demo page: opens the engine in its worker and joins photo, model, answer, layers and teaching.

import type { Prediction } from '../../src/engine/likeliest.ts';
import type { PlumageError } from '../../src/errors.ts';
import { hasAttentionMaps } from '../../src/model/hasAttentionMaps.ts';
import { whole } from '../../src/report/format.ts';
import type { Head } from '../../src/train/head.ts';
import { open, type WorkerEngine } from '../../src/worker.ts';
import { type Answered, asJson, showTimes, type Times } from './answers.ts';
import { showAdapter, showUnsupported } from './badge.ts';
import { Camera } from './camera.ts';
import { find, make, Picture } from './dom.ts';
import { Layers } from './layers.ts';
import { fetchSample, type Listed, type ListedModel, listed, markSample, showSamples } from './lists.ts';
import { type Loaded, Models } from './models.ts';
import { isWeights, onChosen, takeFiles } from './photos.ts';
import { showPredictions } from './predictions.ts';
import { about, clearError, Steps, say, sayError } from './say.ts';
import { Stage } from './stage.ts';
import { Teach } from './teach.ts';

const TOP = 5;

class Demo {
  readonly #stage = new Stage();
  readonly #layers = new Layers();
  readonly #steps = new Steps('progress');
  readonly #timing = new Steps('layers-progress');
  readonly #samples = find('ul', 'samples');
  readonly #teach = new Teach((head) => this.#useHead(head), sayError);
  readonly #camera = new Camera((file) => void this.#take(file), sayError);
  readonly #models: Models;
  #loaded: (Loaded & { times: Times }) | undefined;
  #photo: Picture | undefined;
  /** The last photo with an answer, which stays where the next one cannot be decoded. */
  #good: Picture | undefined;
  #head: Head | undefined;
  #answered: Answered | undefined;
  #turn = new AbortController();

  constructor(readonly engine: WorkerEngine) {
    this.#models = new Models(engine, this.#steps, (loaded) => this.#useModel(loaded), sayError);
    takeFiles((files, place) => {
      const bin = place && this.#teach.bins.of(place);
      if (bin) void bin.add(files);
      else for (const file of files.slice(0, 1)) this.#open(file);
    });
    onChosen(find('input', 'file'), ([file]) => this.#open(file!));
    onChosen(find('input', 'weights'), ([file]) => this.#models.open(file!));
    find('button', 'alert-close').addEventListener('click', clearError);
    find('button', 'copy').addEventListener('click', () => this.#copy().catch(sayError));
    find('button', 'time-layers').addEventListener('click', () => this.#time().catch(sayError));
    find('button', 'own-classes').addEventListener('click', () => this.#useHead(undefined));
  }

  async start(): Promise<void> {
    const [models, samples, links] = await Promise.all([
      listed<ListedModel>('models.json'),
      listed<Listed>('samples.json'),
      listed<Listed>('links.json'),
    ]);
    find('nav', 'links').replaceChildren(...links.map(({ name, url }) => make('a', { href: url }, name)));
    this.#models.offer(models);
    const choose = (sample: Listed) =>
      fetchSample(sample)
        .then((file) => this.#take(file, sample.name))
        .catch(sayError);
    showSamples(this.#samples, samples, choose);
    if (samples[0] && !this.#photo) await choose(samples[0]);
  }

  #open(file: File): void {
    if (isWeights(file)) this.#models.open(file);
    else void this.#take(file);
  }

  async #take(file: File, sample?: string): Promise<void> {
    clearError();
    this.#camera.off();
    this.#photo = new Picture(file, file.name || 'pasted photo');
    markSample(this.#samples, sample);
    await this.#stage.show(this.#photo);
    await this.#answer();
  }

  #useModel(loaded: Loaded): void {
    clearError();
    this.#loaded = { ...loaded, times: { load: loaded.milliseconds } };
    this.#head = undefined;
    this.#layers.clear();
    this.#teach.pupil = { engine: this.engine, model: loaded.model, modelName: loaded.name };
    void this.#answer();
  }

  #useHead(head: Head | undefined): void {
    this.#head = head;
    void this.#answer();
  }

  /** Classifies the photo on the stage; what was under way gives way. */
  async #answer(): Promise<void> {
    this.#turn.abort();
    const turn = new AbortController();
    this.#turn = turn;
    const [loaded, photo, head] = [this.#loaded, this.#photo, this.#head];
    if (!loaded || !photo) return;
    const { signal } = turn;
    const { model, name, times } = loaded;
    const cold = times.first === undefined;
    const maps = model.config.model === 'plain' || hasAttentionMaps(model.config);
    try {
      const text = cold ? 'Compiling the kernels for the first photo' : `Looking at ${photo.name}`;
      const result = await this.#steps.during(text, () => model.classify(photo.file, { top: TOP, maps, signal }));
      times.first ??= result.milliseconds.run;
      if (!cold) times.later = result.milliseconds.run;
      const features = head ? await model.embed(photo.file, { signal }) : undefined;
      if (signal.aborted) return;
      const predictions = features ? this.#ask(head!, features) : undefined;
      this.#answered = {
        engine: this.engine,
        model,
        modelName: name,
        photo: photo.name,
        result,
        predictions: predictions ?? result.predictions,
        taught: predictions && head!.classes,
        times,
      };
      if (this.#good !== photo) this.#good?.release();
      this.#good = photo;
      this.#show(this.#answered);
      if (cold) {
        const again = await model.classify(photo.file, { top: TOP, maps, signal });
        times.later = again.milliseconds.run;
        showTimes(times, result.milliseconds.decode);
      }
    } catch (error) {
      if (signal.aborted) return;
      sayError(about(photo.name, error));
      await this.#goBack(photo, (error as PlumageError).code === 'input');
    }
  }

  /** A head that does not fit the model is put away. */
  #ask(head: Head, features: Float32Array): Prediction[] | undefined {
    try {
      return head.classify(features, TOP);
    } catch (error) {
      sayError(error);
      this.#head = undefined;
      return undefined;
    }
  }

  #show({ result, predictions, taught, times, modelName, model }: Answered): void {
    this.#stage.answer(result);
    const classes = taught ? `${taught.length} classes you taught it` : `${whole(model.config.classes.length)} classes`;
    showPredictions(predictions, `${modelName}, ${classes}`);
    showTimes(times, result.milliseconds.decode);
    find('button', 'copy').disabled = false;
    find('button', 'time-layers').disabled = false;
    find('button', 'own-classes').hidden = !taught;
  }

  /** A photo that cannot be decoded leaves the one before it on the stage. */
  async #goBack(photo: Picture, undecodable: boolean): Promise<void> {
    if (!undecodable || this.#photo !== photo || this.#good === photo) return;
    photo.release();
    this.#photo = this.#good;
    if (!this.#good || !this.#answered) return;
    await this.#stage.show(this.#good);
    this.#stage.answer(this.#answered.result);
  }

  async #time(): Promise<void> {
    const [loaded, photo] = [this.#loaded, this.#photo];
    const button = find('button', 'time-layers');
    if (!loaded || !photo) return;
    button.disabled = true;
    try {
      const work = () => loaded.model.profile(photo.file);
      const layers = await this.#timing.during('Timing each layer, four runs', work);
      if (this.#loaded !== loaded) return;
      this.#layers.show(layers);
      if (this.#answered) this.#answered = { ...this.#answered, layers };
    } finally {
      button.disabled = false;
    }
  }

  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(asJson(this.#answered!));
    say('Copied as JSON.');
  }
}

async function start(): Promise<void> {
  let engine: WorkerEngine;
  try {
    engine = await open();
  } catch (error) {
    const { code, message } = error as PlumageError;
    if (code !== 'adapter') throw error;
    showUnsupported(message);
    return;
  }
  showAdapter(engine.adapter);
  engine.addEventListener('restored', () => {
    showAdapter(engine.adapter);
    say('The graphics device was lost; another one took its place.');
  });
  await new Demo(engine).start();
}

start().catch(sayError);

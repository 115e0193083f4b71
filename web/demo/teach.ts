// "Teach it your classes": from the photos in the bins to a head, off this thread, and the head to a file and back.

import { count, time } from '../../src/report/format.ts';
import type { Example } from '../../src/train/examples.ts';
import type { Validation } from '../../src/train/fewShot.ts';
import { Head } from '../../src/train/head.ts';
import type { TeachProgress } from '../../src/train/lesson.ts';
import type { WorkerEngine, WorkerModel } from '../../src/worker.ts';
import { Bins } from './bins.ts';
import { find, make, type Picture } from './dom.ts';
import { onChosen } from './photos.ts';
import { about, type Step, Steps } from './say.ts';

export interface Pupil {
  readonly engine: WorkerEngine;
  readonly model: WorkerModel;
  readonly modelName: string;
}

export class Teach {
  readonly bins: Bins;
  readonly #train = find('button', 'train');
  readonly #save = find('button', 'save-head');
  readonly #outcome = find('p', 'outcome');
  readonly #steps = new Steps('teach-progress');
  /** Of the model in use. */
  #features = new WeakMap<Picture, Float32Array>();
  #head: Head | undefined;
  #busy: AbortController | undefined;
  #pupil: Pupil | undefined;

  constructor(
    readonly taught: (head: Head) => void,
    readonly fail: (error: unknown) => void,
  ) {
    this.bins = new Bins(() => this.#ready(), fail);
    this.#ready();
    find('button', 'add-bin').addEventListener('click', () => this.bins.add().focus());
    this.#train.addEventListener('click', () => {
      if (this.#busy) this.#busy.abort();
      else this.#learn().catch(fail);
    });
    this.#save.addEventListener('click', () => download(this.#head!));
    onChosen(find('input', 'head-file'), ([file]) => {
      this.#open(file!).catch(fail);
    });
  }

  /** Another model has other features: what was taught is of no use to it. */
  set pupil(pupil: Pupil) {
    this.#pupil = pupil;
    this.#features = new WeakMap();
    this.#busy?.abort();
    this.#head = undefined;
    this.#save.hidden = true;
    this.#outcome.textContent = '';
    this.#ready();
  }

  #ready(): void {
    if (this.#busy || !this.bins) return;
    const filled = this.bins.all.filter(({ pictures }) => pictures.length > 0);
    const names = new Set(filled.map(({ label }) => label));
    this.#train.disabled = !this.#pupil || names.size < 2 || names.size < filled.length;
    this.#train.title = this.#train.disabled ? 'Two classes or more with different names, a photo or more in each' : '';
  }

  async #learn(): Promise<void> {
    const { engine, model, modelName } = this.#pupil!;
    const busy = new AbortController();
    const { signal } = busy;
    this.#busy = busy;
    this.#train.textContent = 'Stop';
    this.#outcome.textContent = '';
    const start = performance.now();
    const step = this.#steps.begin('Looking at the photos');
    try {
      const examples = await this.#examples(model, step, signal);
      const base = `${modelName}, ${model.config.size} px`;
      const onProgress = (text: string) => (at: TeachProgress) => step.show(text, at.step / at.steps);
      const bytes = await engine.teach(examples, { base, signal, onProgress: onProgress('Training the head') });
      const head = Head.read(bytes);
      const trained = performance.now() - start;
      this.#use(head);
      const several = examples.some(({ label }, i) => examples.findIndex((other) => other.label === label) < i);
      const left = onProgress('Asking heads about photos that they were not shown');
      const checked = several ? await engine.crossValidate(examples, { signal, onProgress: left }) : undefined;
      this.#outcome.textContent = outcomeText(head, examples, trained, checked);
    } finally {
      step.end();
      this.#busy = undefined;
      this.#train.textContent = 'Train';
      this.#ready();
    }
  }

  async #examples(model: WorkerModel, step: Step, signal: AbortSignal): Promise<Example[]> {
    const all = this.bins.all.flatMap(({ label, pictures }) => pictures.map((picture) => ({ label, picture })));
    const examples: Example[] = [];
    for (const [i, { label, picture }] of all.entries()) {
      step.show(`Looking at photo ${i + 1} of ${all.length}`, i / all.length);
      let features = this.#features.get(picture);
      try {
        features ??= await model.embed(picture.file, { signal });
      } catch (error) {
        throw about(picture.name, error);
      }
      this.#features.set(picture, features);
      examples.push({ label, features });
    }
    return examples;
  }

  async #open(file: File): Promise<void> {
    const head = Head.read(new Uint8Array(await file.arrayBuffer()), file.name);
    this.#use(head);
    const of = head.base ? `, taught on features of ${head.base}` : '';
    this.#outcome.textContent = `${file.name}: ${count(head.classes.length, 'class', 'classes')}${of}.`;
  }

  #use(head: Head): void {
    this.#head = head;
    this.#save.hidden = false;
    this.taught(head);
  }
}

/** What was learnt, and how far it can be trusted. */
function outcomeText(
  head: Head,
  examples: readonly Example[],
  milliseconds: number,
  checked: Validation | undefined,
): string {
  const seen = examples.filter(({ label, features }) => head.classify(features, 1)[0]?.label === label).length;
  const learnt = `Taught ${head.classes.length} classes from ${count(examples.length, 'photo')} in ${time(milliseconds)}.`;
  const again = `Of the ${examples.length} it was shown it names ${seen} rightly`;
  if (!checked)
    return `${learnt} ${again}; with a second photo of a class it can say how it does on photos that it was not shown.`;
  const { right, tested } = checked;
  return `${learnt} Heads taught without them name ${right} of ${tested} photos rightly. ${again}.`;
}

function download(head: Head): void {
  const bytes = head.write() as Uint8Array<ArrayBuffer>;
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  make('a', { href: url, download: 'head.safetensors' }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Which model is in use: those of the server and files of the user's, one at a time on the device.

import type { WorkerEngine, WorkerModel } from '../../src/worker.ts';
import { find, make } from './dom.ts';
import type { ListedModel } from './lists.ts';
import { loading, type Steps } from './say.ts';

export interface Loaded {
  readonly model: WorkerModel;
  readonly name: string;
  /** Milliseconds from the choice to a model that can be asked. */
  readonly milliseconds: number;
}

type Choice = ListedModel | File;

export class Models {
  readonly #select = find('select', 'model');
  readonly #choices: Choice[] = [];
  #loaded: (Loaded & { index: number }) | undefined;
  #loading: AbortController | undefined;

  constructor(
    readonly engine: WorkerEngine,
    readonly steps: Steps,
    readonly use: (loaded: Loaded) => void,
    readonly fail: (error: unknown) => void,
  ) {
    this.#select.addEventListener('change', () => {
      this.#load(this.#select.selectedIndex).catch(fail);
    });
  }

  offer(models: readonly ListedModel[]): void {
    for (const model of models) this.#add(model);
    if (models.length > 0) this.#load(0).catch(this.fail);
  }

  /** A file of the user's, which is chosen from now on like the others. */
  open(file: File): void {
    this.#load(this.#add(file)).catch(this.fail);
  }

  #add(choice: Choice): number {
    this.#choices.push(choice);
    this.#select.append(make('option', {}, choice.name));
    return this.#choices.length - 1;
  }

  /** A file that is no model is offered no longer. It is the last one. */
  #drop(index: number): void {
    if (index !== this.#choices.length - 1) return;
    this.#choices.pop();
    this.#select.options[index]!.remove();
  }

  async #load(index: number): Promise<void> {
    this.#loading?.abort();
    const own = new AbortController();
    this.#loading = own;
    this.#select.selectedIndex = index;
    const choice = this.#choices[index]!;
    const start = performance.now();
    const step = this.steps.begin(`Loading ${choice.name}`);
    try {
      const model = await this.engine.load(choice instanceof File ? choice : choice.url, {
        where: choice.name,
        sha256: choice instanceof File ? undefined : choice.sha256,
        signal: own.signal,
        onProgress: (progress) => step.show(...loading(progress)),
      });
      if (this.#loading !== own) return void model.dispose();
      const before = this.#loaded?.model;
      this.#loaded = { model, name: choice.name, milliseconds: performance.now() - start, index };
      this.use(this.#loaded);
      await before?.dispose();
    } catch (error) {
      if (this.#loading !== own) return; // another choice took its place
      if (choice instanceof File) this.#drop(index);
      this.#select.selectedIndex = this.#loaded?.index ?? -1;
      throw error;
    } finally {
      step.end();
    }
  }
}

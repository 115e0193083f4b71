// What the server offers: models and sample photos.

import { PlumageError } from '../../src/errors.ts';
import { make } from './dom.ts';

/** An entry of models.json. */
export interface ListedModel {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** An entry of samples.json or links.json. */
export interface Listed {
  readonly name: string;
  readonly url: string;
}

/** A list of the server's; a server without one offers nothing. Rejects with code `network` where it cannot be reached. */
export async function listed<T>(url: string): Promise<readonly T[]> {
  const response = await reached(url);
  return response.ok ? ((await response.json()) as T[]) : [];
}

/** A sample photo as a file. Rejects with code `network`. */
export async function fetchSample({ name, url }: Listed): Promise<File> {
  const response = await reached(url);
  if (!response.ok) throw new PlumageError('network', `${url}: status, got ${response.status}, expected 200`);
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}

async function reached(url: string): Promise<Response> {
  try {
    return await fetch(url);
  } catch (error) {
    throw new PlumageError(
      'network',
      `${url}: cannot be fetched, ${(error as Error).message} - is the server running?`,
    );
  }
}

/** Small pictures as buttons; `choose` gets the sample. */
export function showSamples(list: HTMLElement, samples: readonly Listed[], choose: (sample: Listed) => void): void {
  list.replaceChildren(
    ...samples.map((sample) => {
      const title = sample.name.replaceAll('-', ' ');
      const image = make('img', { src: sample.url, alt: title, width: 76, height: 52 });
      const button = make('button', { type: 'button', title, ariaPressed: 'false' }, image);
      button.dataset.sample = sample.name;
      button.addEventListener('click', () => choose(sample));
      return make('li', {}, button);
    }),
  );
}

/** Marks the sample that is shown, or none. */
export function markSample(list: HTMLElement, name: string | undefined): void {
  for (const button of list.querySelectorAll('button')) button.ariaPressed = `${button.dataset.sample === name}`;
}

// What `tune` has found, kept by adapter in a page's IndexedDB. Where there is none, as in Node or in some private
// windows, nothing is kept and nothing fails. Files are src/node/choices.ts.

import fingerprint from 'plumage:fingerprint';
import type { Choices } from '../gpu/device.ts';

/** Choices and the kernels that they were found with. */
export interface Kept {
  readonly fingerprint: string;
  readonly choices: Choices;
}

export const toKeep = (choices: Choices): Kept => ({ fingerprint, choices });

/** The choices in what was kept; nothing where other kernels made them or it is damaged. */
export function fromKept(kept: unknown): Choices | undefined {
  const { fingerprint: made, choices } = (kept ?? {}) as Partial<Kept>;
  if (made !== fingerprint || !choices || typeof choices !== 'object') return undefined;
  return Object.values(choices).every((form) => typeof form === 'string') ? choices : undefined;
}

/** The choices of this browser for an adapter. */
export async function readChoices(adapterKey: string): Promise<Choices | undefined> {
  return fromKept(await request('readonly', (store) => store.get(adapterKey)));
}

/** Keeps them in place of those before. */
export async function keepChoices(adapterKey: string, choices: Choices): Promise<void> {
  await request('readwrite', (store) => store.put(toKeep(choices), adapterKey));
}

async function request(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  try {
    const opening = indexedDB.open('plumage', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('choices');
    await settled(opening);
    try {
      return await settled(ask(opening.result.transaction('choices', mode).objectStore('choices')));
    } finally {
      opening.result.close();
    }
  } catch {
    return undefined;
  }
}

function settled<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

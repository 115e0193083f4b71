// Weights from an address: with progress, checked against a sha256, and then kept for the next visit.

import { mismatch, PlumageError } from '../errors.ts';
import { type Abortable, checkAborted } from './abort.ts';

export interface Progress {
  /** `download`: bytes, of a total that is 0 where nobody says it. `check`: tensors. */
  readonly stage: 'download' | 'check';
  readonly done: number;
  readonly total: number;
}

export interface DownloadOptions extends Abortable {
  /**
   * Of the file, in hexadecimal. What comes is checked against it and kept under it in the browser's Cache API, so that the
   * next visit fetches nothing; without it nothing is kept but by the rules of HTTP.
   */
  readonly sha256?: string;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * The bytes at an address. Rejects with code `network` where they cannot be had or are those of a web page, with `weights`
 * where they have another sha256, and with `aborted` when the signal fires.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array> {
  const { sha256, signal } = options;
  checkAborted(signal, url);
  const kept = sha256 && (await readKept(sha256));
  if (kept) return kept;
  try {
    const bytes = await fetchBytes(url, options);
    if (sha256) {
      await checkHash(bytes, sha256, url);
      await keep(bytes, sha256);
    }
    return bytes;
  } catch (error) {
    checkAborted(signal, url);
    throw error;
  }
}

async function fetchBytes(url: string, { signal, onProgress }: DownloadOptions): Promise<Uint8Array> {
  const wrong = (problem: string, advice = 'check the address') =>
    new PlumageError('network', `${url}: ${problem} - ${advice}`);
  const response = await fetch(url, { signal }).catch((error: Error) => {
    throw wrong(`cannot be fetched, ${error.message}`);
  });
  if (!response.ok) throw wrong(`status, got ${response.status}, expected 200`);
  if (/^text\/html/.test(response.headers.get('content-type') ?? '')) {
    throw wrong('got a web page (text/html), expected a weights file');
  }
  const announced = Number(response.headers.get('content-length'));
  // That is the length of what travels, which may be compressed.
  const total = response.headers.get('content-encoding') ? 0 : announced;
  const report = (done: number) => onProgress?.({ stage: 'download', done, total });
  try {
    return await readBody(response.body!, announced, report);
  } catch (error) {
    throw wrong(`broke off, ${(error as Error).message}`, 'try again');
  }
}

/** Bytes as they come into one array, which grows where the announced length was that of a compressed body, or none. */
async function readBody(
  body: ReadableStream<Uint8Array>,
  announced: number,
  report: (done: number) => void,
): Promise<Uint8Array> {
  let bytes = new Uint8Array(announced || 2 ** 20);
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return bytes.subarray(0, length);
    if (length + value.length > bytes.length) {
      const grown = new Uint8Array(Math.max(2 * bytes.length, length + value.length));
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(value, length);
    length += value.length;
    report(length);
  }
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function checkHash(bytes: Uint8Array, sha256: string, url: string): Promise<void> {
  const got = await hashOf(bytes);
  if (got !== sha256.toLowerCase())
    throw mismatch('weights', url, 'sha256', got, sha256, 'fetch the file that it is of');
}

// Keys of the Cache API are addresses; this one names the content, whatever address it came from.
const keyOf = (sha256: string) => `https://plumage.invalid/${sha256.toLowerCase()}`;

/** What is kept under this hash and still has it. Without a Cache API, as in Node or over plain http, nothing is. */
async function readKept(sha256: string): Promise<Uint8Array | undefined> {
  try {
    const kept = await (await caches.open('plumage')).match(keyOf(sha256));
    const bytes = kept && new Uint8Array(await kept.arrayBuffer());
    if (bytes) await checkHash(bytes, sha256, '');
    return bytes;
  } catch {
    return undefined;
  }
}

async function keep(bytes: Uint8Array, sha256: string): Promise<void> {
  try {
    await (await caches.open('plumage')).put(keyOf(sha256), new Response(bytes as Uint8Array<ArrayBuffer>));
  } catch {
    // No room, or none allowed: the next visit fetches them again.
  }
}

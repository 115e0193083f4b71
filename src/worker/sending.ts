// Sources on their way to the worker: what belongs to the page becomes a bitmap, which moves.

import { transfer } from 'comlink';
import { foreignError, isPhoto, type Photo, type PhotoSource, toBitmap } from '../data/decode.ts';

/**
 * Sends sources as messages can carry them. Bitmaps made here move; what is the caller's own is copied. What did not move in
 * the end is closed: the call may have been stopped, or another source refused.
 */
export async function sending<T>(
  sources: readonly PhotoSource[],
  send: (sources: PhotoSource[]) => Promise<T>,
): Promise<T> {
  const made: ImageBitmap[] = [];
  const carried = async (source: PhotoSource): Promise<PhotoSource> => {
    if (isPhoto(source)) return plainPhoto(source);
    if (source instanceof Blob || source instanceof ImageBitmap) return source;
    const bitmap = await toBitmap(source);
    made.push(bitmap);
    return transfer(bitmap, [bitmap]);
  };
  try {
    // All of them, for one that is made after another was refused is to be closed too.
    const settled = await Promise.allSettled(sources.map(carried));
    const ready = settled.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
    return await send(transfer(ready, made));
  } catch (error) {
    throw foreignError(error) ?? error; // a bitmap with pixels of another site does not move
  } finally {
    for (const bitmap of made) bitmap.close(); // no harm to those that moved
  }
}

const plainPhoto = ({ width, height, data }: Photo): Photo => ({ width, height, data });

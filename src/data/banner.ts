// Some data sets have a banner below each photo that names its owner, and with it perhaps the class: it is cropped off.

import { mismatch } from '../errors.ts';
import type { Photo } from './decode.ts';

/** The photo without its last `rows` rows; shares its pixels. @throws PlumageError `input` where nothing would be left. */
export function withoutBanner({ width, height, data }: Photo, rows: number): Photo {
  if (rows >= height)
    throw mismatch('input', 'banner', 'height of the photo', height, `more than the banner's ${rows} rows`);
  return { width, height: height - rows, data: data.subarray(0, 4 * width * (height - rows)) };
}

// Small copies of photos for HTML pages, inside the page.

import sharp from 'sharp';
import type { Photo } from '../data/decode.ts';

/** Pixels of the longer side: sharp at half of it on screens of twice the density. */
const SIDE = 240;

/** A data URI of a small JPEG. */
export async function thumbnail({ width, height, data }: Photo): Promise<string> {
  const image = sharp(data, { raw: { width, height, channels: 4 } }).resize(SIDE, SIDE, { fit: 'inside' });
  const jpeg = await image.removeAlpha().jpeg({ quality: 72 }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

// Small copies of photos for HTML pages, inside the page.

import sharp from 'sharp';
import { withoutBanner } from '../data/banner.ts';
import { decodePhoto } from './decode.ts';

/** Pixels of the longer side: sharp at half of it on screens of twice the density. */
const SIDE = 240;

/** A data URI; rejects as `decodePhoto` does. */
export async function thumbnail(file: string, banner: number): Promise<string> {
  const { width, height, data } = withoutBanner(await decodePhoto(file), banner);
  const image = sharp(data, { raw: { width, height, channels: 4 } }).resize(SIDE, SIDE, { fit: 'inside' });
  const jpeg = await image.removeAlpha().jpeg({ quality: 72 }).toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

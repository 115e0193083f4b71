// Decodes a photo file to RGBA8 by sharp, as Pillow's convert('RGB') would; resizing and normalising is a kernel's work.
import { open, readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { mismatch, PlumageError } from '../errors.ts';

export interface DecodedPhoto {
  width: number; // pixels, after the EXIF orientation is applied
  height: number;
  data: Uint8Array; // (height, width, 4) RGBA8, alpha 255
}

const MAX_PIXELS = 100e6; // 400 MB of RGBA8

// What a file is, by its first bytes (latin1). Only the first five kinds are decoded: sharp would draw an SVG or a PDF.
const KINDS: [name: string, pattern: RegExp][] = [
  ['JPEG', /^\xff\xd8\xff/],
  ['PNG', /^\x89PNG/],
  ['WebP', /^RIFF....WEBP/s],
  ['AVIF', /^....ftyp(avi[fs]|m[is]f1.{4,60}avi[fs])/s],
  ['GIF', /^GIF8/],
  ['HEIC', /^....ftyp(hei|hev|mif1|msf1)/s],
  ['SVG', /^(\xef\xbb\xbf)?\s*<(svg|\?xml|!DOCTYPE svg|!--)/i],
  ['PDF', /^%PDF/],
  ['TIFF', /^(II\*.|MM.\*)/s],
  ['JPEG XL', /^....JXL /s],
  ['BMP', /^BM/],
];
const DECODED = KINDS.slice(0, 5).map(([name]) => name);

/**
 * Decodes a JPEG, PNG, WebP, AVIF or GIF file, or its bytes, to RGBA8: EXIF orientation applied, alpha laid on white,
 * the first frame of an animation; grey, palette, 16 bit and CMYK to RGB.
 * NOTE: an embedded colour profile is ignored and CMYK is converted by (1 - ink)(1 - black), both as Pillow does; the
 * networks were trained on images read that way.
 * The lowest `banner` rows of pixels are cropped off.
 * Rejects with code `input`: not a file, empty, not an image, another format, damaged or truncated, over 100 megapixels.
 */
export async function decodePhoto(file: string | Uint8Array, banner = 0): Promise<DecodedPhoto> {
  const name = typeof file === 'string' ? file : 'photo';
  const bytes = typeof file === 'string' ? await readPhoto(file) : file;
  checkKind(name, bytes);
  try {
    // 'error' lets a damaged photo fail but not one with a mere warning, such as a wrong sRGB chunk, which is common.
    const image = () => sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: false });
    const { width, height, space } = await image().metadata();
    if (width * height > MAX_PIXELS) throw tooLarge(name, width, height);
    return above(banner, name, space === 'cmyk' ? await fromCmyk(image()) : await fromRgb(image()));
  } catch (error) {
    if (error instanceof PlumageError) throw error;
    const got = String(error instanceof Error ? error.message : error).split('\n')[0];
    throw mismatch('input', name, 'decoding', got, 'a whole image', 'the file is damaged or incomplete');
  }
}

function above(banner: number, name: string, { width, height, data }: DecodedPhoto): DecodedPhoto {
  const shown = height - banner;
  if (shown > 0) return { width, height: shown, data: data.subarray(0, 4 * width * shown) };
  throw mismatch('input', name, 'height', `${height} px`, `more than the banner of ${banner} px at the bottom`);
}

async function readPhoto(path: string): Promise<Uint8Array> {
  try {
    const handle = await open(path); // a folder opens too, but does not read
    try {
      if (!(await handle.stat()).isFile())
        throw mismatch('input', path, 'photo', 'a folder or device', 'an image file');
    } finally {
      await handle.close();
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof PlumageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const got = code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'no permission' : String(error);
    throw mismatch('input', path, 'photo', got, 'an image file');
  }
}

function checkKind(name: string, bytes: Uint8Array): void {
  if (bytes.length === 0) throw mismatch('input', name, 'photo', '0 bytes', 'an image file');
  const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1');
  const kind = KINDS.find(([, pattern]) => pattern.test(head))?.[0];
  if (kind && DECODED.includes(kind)) return;
  const expected = DECODED.join(', ');
  if (kind) throw mismatch('input', name, 'photo', kind, expected, 'save it as one of these');
  throw mismatch('input', name, 'photo', 'no image', expected);
}

function tooLarge(name: string, width: number, height: number): PlumageError {
  const got = `${width}x${height} (${Math.round((width * height) / 1e6)} megapixels)`;
  return mismatch('input', name, 'photo size', got, `${MAX_PIXELS / 1e6} megapixels at most`, 'scale it down');
}

async function fromRgb(image: Sharp): Promise<DecodedPhoto> {
  const raw = image.autoOrient().toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  layOnWhite(data);
  return { width: info.width, height: info.height, data };
}

/** (h, w, 4) RGBA8 in place: Pillow's alpha_composite on white, in its integer arithmetic. */
function layOnWhite(data: Uint8Array): void {
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!;
    if (alpha === 255) continue;
    for (let c = i; c < i + 3; c++) {
      const sum = 128 * (data[c]! * alpha + 255 * (255 - alpha)) + 0x4000;
      data[c] = ((sum >> 8) + sum) >> 15;
    }
    data[i + 3] = 255;
  }
}

async function fromCmyk(image: Sharp): Promise<DecodedPhoto> {
  const raw = image.autoOrient().pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  for (let i = 0; i < data.length; i += 4) {
    const light = 255 - data[i + 3]!; // 1 - black
    for (let c = i; c < i + 3; c++) data[c] = light - divide255(data[c]! * light);
    data[i + 3] = 255;
  }
  return { width: info.width, height: info.height, data };
}

/** Rounds x / 255 for 0 <= x <= 65025, as Pillow's MULDIV255 does. */
function divide255(x: number): number {
  const sum = x + 128;
  return ((sum >> 8) + sum) >> 8;
}

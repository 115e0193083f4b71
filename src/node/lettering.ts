// Text as SVG paths in the font Inter, which comes as a package: machines without any font show the same picture. Left to
// right only, glyph by glyph; a script that Inter lacks shows as boxes.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import opentype, { type Font } from 'opentype.js';

/** The font comes in parts, one for each script; the first that has a glyph gives it. */
const PARTS = ['latin', 'latin-ext', 'cyrillic', 'cyrillic-ext', 'greek', 'greek-ext', 'vietnamese'];

export type Weight = 400 | 600;

const fonts = new Map<string, Font>();

function fontPart(part: string, weight: Weight): Font {
  const name = `@fontsource/inter/files/inter-${part}-${weight}-normal.woff`;
  const known = fonts.get(name);
  if (known) return known;
  const file = readFileSync(fileURLToPath(import.meta.resolve(name)));
  const font = opentype.parse(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  fonts.set(name, font);
  return font;
}

function fontFor(character: string, weight: Weight): Font {
  const part = PARTS.find((each) => fontPart(each, weight).hasChar(character));
  return fontPart(part ?? PARTS[0]!, weight);
}

/** Glyphs of `text` with their distance from its left edge, in pixels, and its whole width. */
function setText(text: string, size: number, weight: Weight) {
  let width = 0;
  const glyphs = Array.from(text.normalize('NFC'), (character) => {
    const font = fontFor(character, weight);
    const glyph = font.charToGlyph(character);
    const left = width;
    width += ((glyph.advanceWidth ?? 0) * size) / font.unitsPerEm;
    return { glyph, left };
  });
  return { glyphs, width };
}

/** Pixels that `text` takes at `size` pixels to the em. */
export const textWidth = (text: string, size: number, weight: Weight = 400): number =>
  setText(text, size, weight).width;

/** The longest beginning of `text` that fits `room` pixels, with an ellipsis where something is left off. */
export function fitText(text: string, size: number, room: number, weight: Weight = 400): string {
  if (textWidth(text, size, weight) <= room) return text;
  const characters = [...text];
  while (characters.length > 0) {
    characters.pop();
    const shorter = `${characters.join('').trimEnd()}…`;
    if (textWidth(shorter, size, weight) <= room) return shorter;
  }
  return '';
}

export interface TextStyle {
  readonly size: number;
  readonly fill: string;
  readonly weight?: Weight;
}

/** An SVG path element that shows `text` from x on, its baseline at y. */
export function textPath(text: string, x: number, y: number, { size, fill, weight = 400 }: TextStyle): string {
  const { glyphs } = setText(text, size, weight);
  const data = glyphs.map(({ glyph, left }) => glyph.getPath(x + left, y, size).toPathData(2));
  return `<path fill="${fill}" d="${data.join('')}"/>`;
}

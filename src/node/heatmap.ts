// Attention made visible: the photo with what the network saw of it, and the same part once for each attention map, with
// the classes as a caption. It draws; which maps and which part is the caller's to say.

import sharp from 'sharp';
import type { Photo } from '../data/decode.ts';
import type { Rectangle } from '../data/preprocess.ts';
import { type AttentionMap, cover, heatOf, INFERNO, inferno } from '../report/heat.ts';
import { fitText, textPath, textWidth } from './lettering.ts';

export interface CaptionLine {
  readonly label: string;
  readonly probability: number;
}

/** A panel covers this many pixels, in the aspect of what it shows. */
const PANEL_PIXELS = 400 * 400;
const MARGIN = 24;
const GAP = 12;
const TITLE = 30;
const LINE = 34;
const BACKGROUND = { r: 0x16, g: 0x18, b: 0x1d };
/** The least width of the picture, for the caption's sake, and what of it the meaning of the colours takes at the right. */
const CAPTION = 900;
const LEGEND = 380;
const INK = '#f2f2f2';
const FAINT = '#9aa0aa';

interface Panel {
  readonly title: string;
  readonly detail: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer; // RGB
  readonly frame?: Rectangle;
}

/**
 * A PNG: the whole photo with `crop` framed, then `crop` under each map, and below the lines of the caption with bars for
 * their probabilities. Each map is coloured from its least value (dark) to its greatest (bright, where that exceeds the
 * least by half the mean or more).
 */
export async function heatmap(
  photo: Photo,
  crop: Rectangle,
  maps: readonly AttentionMap[],
  caption: readonly CaptionLine[],
): Promise<Buffer> {
  const height = Math.round(Math.sqrt(PANEL_PIXELS / aspect(crop)));
  const width = Math.round(PANEL_PIXELS / height);
  const part = await scaled(photo, crop, width, height);
  const panels = [await photoPanel(photo, crop, height), ...maps.map((map) => mapPanel(map, part, width, height))];

  const lefts = panels.map((_, i) => MARGIN + panels.slice(0, i).reduce((sum, { width }) => sum + width + GAP, 0));
  const top = MARGIN + TITLE;
  const total = {
    width: Math.max(lefts.at(-1)! + panels.at(-1)!.width + MARGIN, CAPTION),
    height: top + height + GAP + LINE * Math.max(caption.length, 1) + MARGIN,
  };
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total.width}" height="${total.height}">`,
    ...panels.flatMap((panel, i) => decoration(panel, lefts[i]!, top)),
    ...captionLines(caption, total.width - LEGEND, top + height + GAP),
    ...(maps.length > 0 ? legend(total.width - MARGIN, top + height + GAP) : []),
    '</svg>',
  ];
  const pictures = panels.map(({ pixels, width, height }, i) => ({
    input: pixels,
    raw: { width, height, channels: 3 as const },
    left: lefts[i]!,
    top,
  }));
  return sharp({ create: { ...total, channels: 3, background: BACKGROUND } })
    .composite([...pictures, { input: Buffer.from(svg.join('')), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

/** Width over height, kept to what still can be looked at. */
const aspect = ({ width, height }: { width: number; height: number }): number =>
  Math.min(Math.max(width / height, 1 / 8), 8);

function scaled(photo: Photo, part: Rectangle, width: number, height: number): Promise<Buffer> {
  const { data, width: w, height: h } = photo;
  return sharp(data, { raw: { width: w, height: h, channels: 4 } })
    .extract({ left: part.left, top: part.top, width: part.width, height: part.height })
    .removeAlpha()
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer();
}

/** The whole photo, `height` pixels high, what lies outside the crop darker. */
async function photoPanel(photo: Photo, crop: Rectangle, height: number): Promise<Panel> {
  const width = Math.round(height * aspect(photo));
  const pixels = await scaled(photo, { left: 0, top: 0, width: photo.width, height: photo.height }, width, height);
  const [sx, sy] = [width / photo.width, height / photo.height];
  const frame = { left: crop.left * sx, top: crop.top * sy, width: crop.width * sx, height: crop.height * sy };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= frame.left && x < frame.left + frame.width && y >= frame.top && y < frame.top + frame.height;
      if (inside) continue;
      for (let i = 3 * (y * width + x), end = i + 3; i < end; i++) pixels[i] = pixels[i]! * 0.45;
    }
  }
  return { title: 'photo', detail: `${photo.width} x ${photo.height}`, width, height, pixels, frame };
}

/** `part` in dim grey, and over it the map's colour, the stronger the greater the weight. */
function mapPanel(map: AttentionMap, part: Uint8Array, width: number, height: number): Panel {
  const heat = heatOf(map, width, height);
  const pixels = Buffer.alloc(part.length);
  for (let i = 0, at = 0; i < pixels.length; i += 3, at++) {
    const v = heat.value(at);
    const grey = 0.299 * part[i]! + 0.587 * part[i + 1]! + 0.114 * part[i + 2]!;
    const alpha = cover(v);
    const colour = inferno(v);
    for (let c = 0; c < 3; c++) {
      const base = 0.75 * (0.5 * grey + 0.5 * part[i + c]!);
      pixels[i + c] = base * (1 - alpha) + colour[c]! * alpha;
    }
  }
  const peak = heat.peak > 0 ? `, peak ${heat.peak.toFixed(1)} x mean` : '';
  return { title: map.name, detail: `${map.width} x ${map.height}${peak}`, width, height, pixels };
}

/** A panel's title, and the frame round the crop. */
function decoration({ title, detail, width, frame }: Panel, left: number, top: number): string[] {
  const size = 17;
  const name = fitText(title, size, width, 600);
  const after = textWidth(`${name}  `, size, 600);
  const svg = [
    textPath(name, left, top - 11, { size, fill: INK, weight: 600 }),
    textPath(fitText(detail, 14, width - after), left + after, top - 11, { size: 14, fill: FAINT }),
  ];
  if (!frame) return svg;
  const box = `x="${left + frame.left}" y="${top + frame.top}" width="${frame.width}" height="${frame.height}"`;
  return [...svg, `<rect ${box} fill="none" stroke="#ffffff" stroke-width="2"/>`];
}

/** What the colours mean, its right edge at `right`. */
function legend(right: number, top: number): string[] {
  const [size, length] = [14, 160];
  const baseline = top + LINE - 12;
  const to = right - textWidth('most attention', size) - 10;
  const stops = INFERNO.map((rgb, i) => `<stop offset="${i / (INFERNO.length - 1)}" stop-color="rgb(${rgb})"/>`);
  const bar = `x="${to - length}" y="${baseline - 12}" width="${length}" height="14"`;
  return [
    `<defs><linearGradient id="inferno">${stops.join('')}</linearGradient></defs>`,
    `<rect ${bar} rx="3" fill="url(#inferno)" stroke="${FAINT}" stroke-opacity="0.5"/>`,
    textPath('least', to - length - 10 - textWidth('least', size), baseline, { size, fill: FAINT }),
    textPath('most attention', to + 10, baseline, { size, fill: FAINT }),
  ];
}

/** Label, bar and percent of each line. */
function captionLines(lines: readonly CaptionLine[], width: number, top: number): string[] {
  const size = 21;
  const bar = 200;
  const room = width - 2 * MARGIN - bar - 110;
  const labels = lines.map(({ label }) => fitText(label, size, room, 600));
  const from = MARGIN + Math.max(...labels.map((label) => textWidth(label, size, 600)), 0) + 20;
  return lines.flatMap(({ probability }, i) => {
    const baseline = top + LINE * (i + 1) - 10;
    const percent = `${(100 * probability).toFixed(1)} %`;
    const rect = (length: number, fill: string) =>
      `<rect x="${from}" y="${baseline - 14}" width="${length}" height="14" rx="3" fill="${fill}"/>`;
    return [
      textPath(labels[i]!, MARGIN, baseline, { size, fill: i === 0 ? INK : FAINT, weight: 600 }),
      rect(bar, '#2a2e36'),
      rect(Math.max(bar * probability, 2), i === 0 ? '#fb9b06' : '#7d8590'),
      textPath(percent, from + bar + 12, baseline, { size, fill: i === 0 ? INK : FAINT }),
    ];
  });
}

// The photo with what the network saw of it, and over that a map of where it looked.

import type { Rectangle } from '../../src/data/preprocess.ts';
import { digits } from '../../src/report/format.ts';
import { type AttentionMap, cover, heatOf, inferno } from '../../src/report/heat.ts';
import type { Classification } from '../../src/worker.ts';
import { find, make, type Picture } from './dom.ts';

/** Pixels on the longer side of a drawn map: it is smooth, and the browser scales it. */
const DRAWN = 256;
const THUMBNAIL = 112;
const NAMES: Readonly<Record<string, string>> = {
  attention1: 'Branch 1',
  attention2: 'Branch 2',
  attention3: 'Branch 3',
  activation: 'What speaks for the likeliest class',
};

export class Stage {
  readonly #photo = find('div', 'photo');
  readonly #image = find('img', 'picture');
  readonly #heat = find('canvas', 'heat');
  readonly #crop = find('div', 'crop');
  readonly #opacity = find('input', 'opacity');
  #chosen = '';
  /** The network saw all of the photo. */
  #whole = false;

  constructor() {
    this.#opacity.addEventListener('input', () => this.#fade());
    drawScale(find('canvas', 'scale'));
  }

  /** Resolves when the picture stands there, also where the browser cannot show it. */
  async show(picture: Picture): Promise<void> {
    const image = this.#image;
    image.src = picture.url;
    const shown = await image.decode().then(
      () => true,
      () => false,
    );
    if (image.src !== picture.url) return; // another one came
    image.alt = `The photo ${picture.name}`;
    this.clear();
    find('p', 'empty').hidden = shown;
    this.#photo.hidden = !shown;
    find('div', 'stage').style.setProperty('--aspect', `${image.naturalWidth / image.naturalHeight || 1}`);
  }

  /** No answer lies over the photo. */
  clear(): void {
    for (const element of [this.#heat, this.#crop, find('fieldset', 'maps'), find('div', 'opacity-row')]) {
      element.hidden = true;
    }
    find('p', 'caption').textContent = '';
    this.#photo.style.setProperty('--heat', '0');
  }

  answer({ maps = {}, crop, width, height }: Classification): void {
    this.#whole = crop.width === width && crop.height === height;
    place(this.#crop, crop, width, height);
    place(this.#heat, crop, width, height);
    this.#crop.hidden = false;
    const all = Object.entries(maps).map(([name, { shape, data }]) => {
      return { name, height: shape[1]!, width: shape[2]!, data } satisfies AttentionMap;
    });
    const first = all.find(({ name }) => name === this.#chosen) ?? all.at(-1);
    for (const element of [find('div', 'opacity-row'), this.#heat]) element.hidden = !first;
    find('fieldset', 'maps').hidden = all.length < 2;
    find('div', 'map-choices').replaceChildren(...all.map((map) => this.#choice(map, crop, map === first)));
    if (first) this.#choose(first, crop);
  }

  /** A radio button that shows its map small. */
  #choice(map: AttentionMap, crop: Rectangle, checked: boolean): HTMLElement {
    const radio = make('input', { type: 'radio', name: 'map', value: map.name, checked });
    radio.addEventListener('change', () => this.#choose(map, crop));
    const canvas = make('canvas');
    const [w, h] = sizeOf(crop, THUMBNAIL * devicePixelRatio);
    [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext('2d')!;
    context.filter = 'grayscale(0.5) brightness(0.75)';
    context.drawImage(this.#image, crop.left, crop.top, crop.width, crop.height, 0, 0, w, h);
    context.filter = 'none';
    context.imageSmoothingQuality = 'high';
    context.drawImage(drawn(map, crop), 0, 0, w, h);
    return make('label', { className: 'choice' }, radio, canvas, make('span', {}, NAMES[map.name] ?? map.name));
  }

  #choose(map: AttentionMap, crop: Rectangle): void {
    this.#chosen = map.name;
    const source = drawn(map, crop);
    [this.#heat.width, this.#heat.height] = [source.width, source.height];
    this.#heat.getContext('2d')!.drawImage(source, 0, 0);
    const { peak } = heatOf(map, 1, 1);
    const cells = `${map.width} x ${map.height} cells`;
    const name = NAMES[map.name] ?? map.name;
    this.#heat.ariaLabel = `${name} over the photo, ${cells}: ${whereText(map)}`;
    const strength = peak > 0 ? `, peak ${digits(peak)} times the mean` : '';
    const frame = this.#whole ? '' : ' Framed: what the network saw.';
    find('p', 'caption').textContent = `${name}: ${cells}${strength}.${frame}`;
    this.#fade();
  }

  #fade(): void {
    const share = this.#opacity.valueAsNumber / 100;
    this.#photo.style.setProperty('--heat', `${this.#heat.hidden ? 0 : share}`);
    find('output', 'opacity-value').textContent = `${Math.round(100 * share)} %`;
  }
}

/** Puts an element over a part of the photo, whatever size the photo is shown at. */
function place({ style }: HTMLElement, { left, top, width, height }: Rectangle, w: number, h: number): void {
  style.left = `${(100 * left) / w}%`;
  style.top = `${(100 * top) / h}%`;
  style.width = `${(100 * width) / w}%`;
  style.height = `${(100 * height) / h}%`;
}

function sizeOf({ width, height }: Rectangle, longest: number): [width: number, height: number] {
  const scale = longest / Math.max(width, height);
  return [Math.max(Math.round(width * scale), 1), Math.max(Math.round(height * scale), 1)];
}

/** The map's colours, the stronger the greater the weight. */
function drawn(map: AttentionMap, crop: Rectangle): HTMLCanvasElement {
  const [width, height] = sizeOf(crop, DRAWN);
  const heat = heatOf(map, width, height);
  const pixels = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    const value = heat.value(at);
    pixels.data.set([...inferno(value), 255 * cover(value)], 4 * at);
  }
  const canvas = make('canvas', { width, height });
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas;
}

function drawScale(canvas: HTMLCanvasElement): void {
  const pixels = new ImageData(canvas.width, 1);
  for (let x = 0; x < canvas.width; x++) pixels.data.set([...inferno(x / (canvas.width - 1)), 255], 4 * x);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}

/** Where a map is strongest, in words: a reader that sees no colours gets the place. */
export function whereText({ width, height, data }: AttentionMap): string {
  let best = 0;
  for (let i = 1; i < data.length; i++) if (data[i]! > data[best]!) best = i;
  const third = (at: number, cells: number) => Math.min(Math.floor((3 * (at + 0.5)) / cells), 2);
  const row = ['top', 'middle', 'bottom'][third(Math.floor(best / width), height)]!;
  const column = ['left', 'centre', 'right'][third(best % width, width)]!;
  return `strongest at the ${row} ${column}`;
}

// The confusion matrix as a picture: a row a class, a column what was said, from 2 classes to some hundreds. Up to so many classes
// that letters fit, names and counts stand in it; beyond that, tooltips have them.

import { shorten } from './format.ts';
import { type Html, html, nothing } from './html.ts';

/** Pixels of a cell by the number of classes. */
const sizes: readonly (readonly [most: number, cell: number])[] = [
  [12, 44],
  [20, 34],
  [32, 22],
  [50, 14],
  [100, 8],
];
const SMALLEST = 4;

/** Cells from this size on hold names beside them, and counts. */
const NAMED = 14;
const COUNTED = 22;

const LETTERS = 24;

export function confusionPicture(confusion: readonly (readonly number[])[], classes: readonly string[]): Html {
  const cell = sizes.find(([most]) => classes.length <= most)?.[1] ?? SMALLEST;
  const named = cell >= NAMED;
  const font = Math.min(12, cell - 3);
  const names = classes.map((name) => shorten(name.replaceAll('_', ' '), LETTERS));
  const room = named ? 14 + Math.ceil(0.58 * font * Math.max(...names.map((name) => name.length))) : 30;
  const side = cell * classes.length;
  const [width, height] = [room + side + 2, room + side + 2];
  const cells = confusion.flatMap((row, label) => {
    const images = row.reduce((a, b) => a + b, 0);
    return row.flatMap((count, said) => {
      if (count === 0) return [];
      const [x, y, share] = [room + said * cell, room + label * cell, count / images];
      const tip =
        label === said
          ? `${classes[label]}: ${count} of ${images} right`
          : `${classes[label]} taken for ${classes[said]}: ${count} of ${images}`;
      return [
        square(x, y, cell, share, label === said, tip),
        cell >= COUNTED ? number(x, y, cell, share, count) : nothing,
      ];
    });
  });
  const edges = named ? nameLabels(names, room, cell, font) : numberLabels(classes.length, room, cell);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix"><svg class="confusion" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Confusion matrix of ${classes.length} classes: rows are the classes, columns what the model says. The table of classes has the numbers.">
<rect x="${room}" y="${room}" width="${side}" height="${side}" fill="none" stroke="var(--edge)"/>
${edges}
${cells}
</svg></div>`;
}

/** Right answers and mistakes have a colour each; the larger the share of the row, the stronger it is. Dots stay visible. */
function square(x: number, y: number, cell: number, share: number, right: boolean, tip: string): Html {
  const gap = cell >= NAMED ? 1 : 0;
  const size = cell - gap;
  const least = cell < NAMED ? 0.55 : right ? 0.1 : 0.2;
  const opacity = (least + (1 - least) * share).toFixed(2);
  const color = right ? '--ours' : '--worse';
  return html`<rect x="${x + gap / 2}" y="${y + gap / 2}" width="${size}" height="${size}" fill="var(${color})" fill-opacity="${opacity}"><title>${tip}</title></rect>`;
}

function number(x: number, y: number, cell: number, share: number, count: number): Html {
  const color = share > 0.62 ? 'var(--surface)' : 'var(--ink)';
  const size = Math.min(13, Math.floor(cell * (count > 99 ? 0.42 : 0.5)));
  return html`<text x="${x + cell / 2}" y="${y + cell / 2}" font-size="${size}" fill="${color}" text-anchor="middle" dominant-baseline="central" pointer-events="none">${count}</text>`;
}

function nameLabels(names: readonly string[], room: number, cell: number, font: number): Html[] {
  return names.map((name, i) => {
    const at = room + (i + 0.5) * cell;
    const common = html`font-size="${font}" fill="var(--ink)" dominant-baseline="central"`;
    return html`<text x="${room - 8}" y="${at}" ${common} text-anchor="end">${name}</text>
<text transform="translate(${at} ${room - 8}) rotate(-90)" ${common}>${name}</text>`;
  });
}

/** The classes' numbers, which the table of classes has too. */
function numberLabels(classes: number, room: number, cell: number): Html[] {
  const step = 20;
  const shown = Array.from({ length: Math.ceil(classes / step) }, (_, i) => i * step);
  return shown.map((i) => {
    const at = room + (i + 0.5) * cell;
    const common = html`font-size="11" fill="var(--muted)" dominant-baseline="central"`;
    return html`<text x="${room - 6}" y="${at}" ${common} text-anchor="end">${i + 1}</text>
<text x="${at}" y="${room - 10}" ${common} text-anchor="middle">${i + 1}</text>`;
  });
}

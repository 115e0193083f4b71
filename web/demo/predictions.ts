// The likeliest classes with their bars, and the times.

import type { Prediction } from '../../src/engine/likeliest.ts';
import { percent } from '../../src/report/format.ts';
import { find, make } from './dom.ts';

/** Class names as people write them. */
export const readable = (label: string): string => label.replaceAll('_', ' ');

export function showPredictions(predictions: readonly Prediction[], by: string): void {
  find('p', 'by').textContent = by;
  find('ol', 'predictions').replaceChildren(
    ...predictions.map(({ label, probability }) => {
      const fill = make('span', { className: 'fill' });
      fill.style.setProperty('--share', `${probability}`);
      const bar = make('span', { className: 'bar', ariaHidden: 'true' }, fill);
      const name = make('span', { className: 'name' }, readable(label));
      return make('li', {}, name, make('span', { className: 'value' }, percent(probability)), bar);
    }),
  );
}

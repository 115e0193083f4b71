// Which adapter computes, and a plain word where it is none.

import type { AdapterDescription } from '../../src/gpu/device.ts';
import { find } from './dom.ts';

const CLASSES = { apple: 'Apple GPU', integrated: 'integrated GPU', discrete: 'GPU', software: 'software' } as const;

export function showAdapter({ name, family, software }: AdapterDescription): void {
  const badge = find('div', 'badge');
  find('span', 'badge-name').textContent = name;
  find('span', 'badge-kind').textContent = CLASSES[family];
  badge.classList.toggle('software', software);
  badge.hidden = false;
  const warning = find('p', 'software');
  warning.textContent = `${name} is a software adapter: the kernels run on the processor, so times here say little of a GPU.`;
  warning.hidden = !software;
}

/** The whole page gives way to what is missing. */
export function showUnsupported(reason: string): void {
  find('p', 'unsupported-reason').textContent = reason;
  find('main', 'unsupported').hidden = false;
  find('main', 'app').hidden = true;
}

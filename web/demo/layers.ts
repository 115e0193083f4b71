// The strip of layers: one segment a dispatch, read by hover, touch, keyboard or as a table.

import type { LayerTime } from '../../src/gpu/profile.ts';
import { count, digits, percent, time } from '../../src/report/format.ts';
import { facts, find, make } from './dom.ts';
import { familyOf, type KernelFamily } from './families.ts';

export class Layers {
  readonly #strip = find('div', 'strip');
  readonly #layer = find('dl', 'layer');
  #layers: readonly LayerTime[] = [];
  #segments: HTMLElement[] = [];
  #total = 0;
  #at = 0;

  constructor() {
    const strip = this.#strip;
    for (const name of ['pointermove', 'pointerdown'] as const) {
      strip.addEventListener(name, ({ clientX }) => this.#choose(this.#under(clientX)));
    }
    strip.addEventListener('keydown', (event) => {
      const last = this.#layers.length - 1;
      const to = {
        ArrowRight: this.#at + 1,
        ArrowUp: this.#at + 1,
        ArrowLeft: this.#at - 1,
        ArrowDown: this.#at - 1,
        PageUp: this.#at + 10,
        PageDown: this.#at - 10,
        Home: 0,
        End: last,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.#choose(Math.min(Math.max(to, 0), last));
    });
  }

  show(layers: readonly LayerTime[]): void {
    this.#layers = layers;
    this.#total = layers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    this.#segments = layers.map(({ kernel, milliseconds }) => {
      const segment = make('span', { className: `segment ${familyOf(kernel).id}` });
      segment.style.flexGrow = `${milliseconds / this.#total || 0}`;
      return segment;
    });
    this.#strip.replaceChildren(...this.#segments);
    this.#strip.ariaValueMax = `${layers.length}`;
    find('p', 'layers-lead').textContent = `${count(layers.length, 'dispatch', 'dispatches')}, ${time(
      this.#total,
    )} in all. Move along the strip, or use the arrow keys.`;
    find('ul', 'legend').replaceChildren(...this.#families().map((family) => this.#legend(family)));
    find('table', 'layers-table').replaceChildren(...table(layers));
    find('div', 'layers-result').hidden = false;
    const slowest = layers.reduce((best, each, i) => (each.milliseconds > layers[best]!.milliseconds ? i : best), 0);
    this.#choose(slowest);
  }

  clear(): void {
    find('div', 'layers-result').hidden = true;
    find('p', 'layers-lead').textContent = 'One segment a dispatch, as wide as the time it takes on your adapter.';
  }

  /** Families by their time, longest first. */
  #families(): KernelFamily[] {
    const times = new Map<string, { family: KernelFamily; milliseconds: number }>();
    for (const { kernel, milliseconds } of this.#layers) {
      const family = familyOf(kernel);
      times.set(family.id, { family, milliseconds: (times.get(family.id)?.milliseconds ?? 0) + milliseconds });
    }
    return [...times.values()].sort((a, b) => b.milliseconds - a.milliseconds).map(({ family }) => family);
  }

  #legend({ id, label }: KernelFamily): HTMLElement {
    const own = this.#layers.filter(({ kernel }) => familyOf(kernel).id === id);
    const milliseconds = own.reduce((sum, each) => sum + each.milliseconds, 0);
    const key = make('span', { className: `key ${id}`, ariaHidden: 'true' });
    return make('li', {}, key, `${label} `, make('span', {}, percent(milliseconds / this.#total || 0)));
  }

  #under(x: number): number {
    const at = this.#segments.findIndex((each) => x < each.getBoundingClientRect().right);
    return at < 0 ? this.#segments.length - 1 : at;
  }

  #choose(at: number): void {
    const layer = this.#layers[at];
    if (!layer) return;
    this.#segments[this.#at]?.classList.remove('chosen');
    this.#segments[at]?.classList.add('chosen');
    this.#at = at;
    const { name, kernel, milliseconds, gflops, gigabytes } = layer;
    const share = percent(milliseconds / this.#total || 0);
    this.#strip.ariaValueNow = `${at + 1}`;
    this.#strip.ariaValueText = `${name}, ${kernel}: ${time(milliseconds)}, ${digits(gflops)} GFLOP/s`;
    facts(this.#layer, [
      [`Dispatch ${at + 1} of ${this.#layers.length}`, name],
      ['Kernel', kernel],
      ['Time', `${time(milliseconds)}, ${share}`],
      ['Speed', `${digits(gflops)} GFLOP/s, ${digits(gigabytes)} GB/s`],
    ]);
  }
}

function table(layers: readonly LayerTime[]): HTMLElement[] {
  const head = ['Dispatch', 'Kernel', 'Time', 'GFLOP/s', 'GB/s'];
  const rows = layers.map(({ name, kernel, milliseconds, gflops, gigabytes }) => {
    const cells = [kernel, time(milliseconds), digits(gflops), digits(gigabytes)];
    return make('tr', {}, make('th', { scope: 'row' }, name), ...cells.map((text) => make('td', {}, text)));
  });
  const titles = head.map((text) => make('th', { scope: 'col' }, text));
  return [make('thead', {}, make('tr', {}, ...titles)), make('tbody', {}, ...rows)];
}

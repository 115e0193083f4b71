// The page's elements: those that index.html has, by id, and new ones.

type Tags = HTMLElementTagNameMap;

/** The element of index.html with this tag and id. */
export function find<K extends keyof Tags>(tag: K, id: string): Tags[K] {
  const element = document.getElementById(id);
  if (element?.localName === tag) return element as Tags[K];
  throw new Error(`index.html has no <${tag} id="${id}">`);
}

/** A new element. Properties are set as such: no attribute is parsed, no style is inline. */
export function make<K extends keyof Tags>(
  tag: K,
  properties: Partial<Omit<Tags[K], 'style'>> = {},
  ...children: (Node | string)[]
): Tags[K] {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

/** Rows of a <dl>. */
export function facts(list: HTMLElement, rows: readonly (readonly [name: string, value: string])[]): void {
  list.replaceChildren(...rows.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
}

/** The picture of a file as an address that `release` frees. */
export class Picture {
  readonly url: string;
  constructor(
    readonly file: Blob,
    readonly name: string,
  ) {
    this.url = URL.createObjectURL(file);
  }

  release(): void {
    URL.revokeObjectURL(this.url);
  }
}

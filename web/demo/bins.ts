// The bins of "Teach it your classes": a name and photos each, added by picker, drop or paste.

import { PlumageError } from '../../src/errors.ts';
import { count } from '../../src/report/format.ts';
import { find, make, Picture } from './dom.ts';
import { onChosen } from './photos.ts';

export class Bin {
  readonly element: HTMLElement;
  readonly #name = make('input', { type: 'text', maxLength: 60, ariaLabel: 'Name of the class', autocomplete: 'off' });
  readonly #thumbs = make('ul', { className: 'thumbs' });
  readonly #count = make('span');
  readonly pictures: Picture[] = [];

  constructor(
    place: string,
    readonly events: { changed(): void; removed(bin: Bin): void; fail(error: unknown): void },
  ) {
    this.#name.placeholder = place;
    this.#name.addEventListener('input', () => events.changed());
    const drop = make('button', { type: 'button', className: 'quiet', ariaLabel: `Remove ${place}` }, 'Remove');
    drop.addEventListener('click', () => events.removed(this));
    const file = make('input', { type: 'file', accept: 'image/*', multiple: true, className: 'hidden' });
    file.id = `files-${place.replaceAll(' ', '-')}`;
    onChosen(file, (files) => void this.add(files));
    const add = make('label', { className: 'button small', htmlFor: file.id }, 'Add photos');
    const title = make('div', { className: 'title' }, this.#name, drop);
    const foot = make('div', { className: 'foot' }, this.#count, add, file);
    this.element = make('div', { className: 'bin', role: 'group', ariaLabel: place, tabIndex: -1 }, title);
    this.element.append(this.#thumbs, foot);
    this.element.dataset.takes = place;
    this.#counted();
  }

  /** What the user calls it, else its place. */
  get label(): string {
    return this.#name.value.trim() || this.#name.placeholder;
  }

  /** Takes photos that the browser can decode and says which it cannot. */
  async add(files: readonly File[]): Promise<void> {
    for (const file of files) {
      try {
        (await createImageBitmap(file)).close();
      } catch {
        this.events.fail(
          new PlumageError('input', `${file.name}: cannot be decoded by this browser - give a JPEG, PNG, WebP or AVIF`),
        );
        continue;
      }
      this.#show(new Picture(file, file.name || 'pasted photo'));
    }
  }

  focus(): void {
    this.#name.focus();
  }

  release(): void {
    for (const picture of this.pictures) picture.release();
    this.element.remove();
  }

  #show(picture: Picture): void {
    this.pictures.push(picture);
    const image = make('img', { src: picture.url, alt: picture.name });
    const remove = make('button', { type: 'button', ariaLabel: `Remove ${picture.name}` }, '×');
    const item = make('li', {}, image, remove);
    remove.addEventListener('click', () => {
      this.pictures.splice(this.pictures.indexOf(picture), 1);
      picture.release();
      item.remove();
      this.#counted();
      this.#name.focus();
    });
    this.#thumbs.append(item);
    this.#counted();
  }

  #counted(): void {
    this.#count.textContent = this.pictures.length > 0 ? count(this.pictures.length, 'photo') : 'Drop photos here';
    this.events.changed();
  }
}

/** The bins of the page, two at first. */
export class Bins {
  readonly #place = find('div', 'bins');
  readonly all: Bin[] = [];
  #made = 0;

  constructor(
    readonly changed: () => void,
    readonly fail: (error: unknown) => void,
  ) {
    this.add();
    this.add();
  }

  add(): Bin {
    this.#made++;
    const removed = (bin: Bin) => {
      this.all.splice(this.all.indexOf(bin), 1);
      bin.release();
      while (this.all.length < 2) this.add();
      this.all.at(-1)!.focus();
      this.changed();
    };
    const bin = new Bin(`Class ${this.#made}`, { changed: this.changed, removed, fail: this.fail });
    this.all.push(bin);
    this.#place.append(bin.element);
    return bin;
  }

  /** The bin that a file was dropped on. */
  of(element: HTMLElement): Bin | undefined {
    return this.all.find((bin) => bin.element === element);
  }
}

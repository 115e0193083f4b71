// The ways in for files: the picker, drop and paste. A place that takes files of its own (`data-takes`) gets what is dropped
// or pasted there; all else is for the page.

import { find } from './dom.ts';

/** Weights go by their name, for browsers know no type of them. */
export const isWeights = ({ name }: File): boolean => /\.(safetensors|pth|pt)$/i.test(name);

/** Calls `take` with the files that the user gives the page or, with the element, a place in it. */
export function takeFiles(take: (files: File[], place: HTMLElement | undefined) => void): void {
  const cover = find('div', 'drop');
  const placeOf = (target: EventTarget | null) =>
    (target instanceof Element ? target.closest<HTMLElement>('[data-takes]') : null) ?? undefined;
  const over = (shown: boolean, place?: HTMLElement) => {
    for (const each of document.querySelectorAll('[data-takes]'))
      each.classList.toggle('over', shown && each === place);
    cover.hidden = !shown || place !== undefined;
  };
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    over(true, placeOf(event.target));
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) over(false);
  });
  document.addEventListener('drop', (event) => {
    over(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files, placeOf(event.target));
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files, placeOf(event.target));
  });
}

/** Calls `take` with the files chosen in an <input type=file>; the same file can be chosen again. */
export function onChosen(input: HTMLInputElement, take: (files: File[]) => void): void {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    input.value = '';
    if (files.length > 0) take(files);
  });
}

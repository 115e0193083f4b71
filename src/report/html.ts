// HTML that is safe by construction: what a template is given is escaped unless it is HTML already. No DOM, no layout.

/** A piece of finished HTML. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | readonly Html[];

export const nothing = new Html('');

/** Text that is safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Template tag: strings and numbers are escaped, `Html` goes in as it is, arrays of it are joined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, i) => text + show(parts[i - 1]!) + string));
}

function show(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map(({ text }) => text).join('\n');
}

/** `text` columns are set to the left, the others are numbers. */
export interface Table {
  readonly columns: readonly { readonly title: string; readonly text?: boolean }[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly cells: readonly string[];
  /** Ours is set off. */
  readonly ours?: boolean;
  /** The first row of a group; `group` is a heading over it. */
  readonly begins?: boolean;
  readonly group?: string;
}

export function table({ columns, rows }: Table, caption: string): Html {
  const side = (i: number) => (columns[i]!.text ? 'text' : 'number');
  const heads = columns.map(({ title }, i) => html`<th scope="col" class="${side(i)}">${title}</th>`);
  const body = rows.map(({ cells, ours, begins, group }) => {
    const classes = [ours ? 'ours' : '', begins ? 'begins' : ''].join(' ').trim();
    const over = group
      ? html`<tr class="group"><th colspan="${columns.length}" scope="rowgroup"><span>${group}</span></th></tr>`
      : nothing;
    return html`${over}<tr class="${classes}">${cells.map((cell, i) => html`<td class="${side(i)}">${cell}</td>`)}</tr>`;
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table>
<thead><tr>${heads}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}

/** Something folded away until it is asked for. */
export function details(summary: string, inside: Html): Html {
  return html`<details><summary>${summary}</summary>${inside}</details>`;
}

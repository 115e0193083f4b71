// The page of an evaluation: shares, most confused pairs with photos, confusion matrix, classes. One HTML file, no script.

import { type Evaluation, isRead } from '../data/evaluation.ts';
import { confusedPairs, mistakes, type Outcome, type Pair, standardError } from '../data/metrics.ts';
import { confusionPicture } from './confusion.ts';
import { count, whole } from './format.ts';
import { details, type Html, html, nothing, type TableRow, table } from './html.ts';
import { page } from './page.ts';

/** Pairs that are shown, and photos of each of their two directions. */
export const PAIRS = 12;
export const EXAMPLES = 4;

/** Unread images that are named. */
const NAMED = 50;

/** `photos` are data URIs by the image's file; those that are missing are left out. */
export function evaluationPage(result: Evaluation, photos: ReadonlyMap<string, string>, version: string): string {
  const { top1, images } = result.metrics;
  const title = images > 0 ? `${percent(top1)} of ${count(images, 'image')} right` : 'No image';
  const body = html`<main>
${header(result, title)}
${pairsSection(result, photos)}
${images > 0 ? matrixSection(result) : nothing}
${classesSection(result)}
${unreadSection(result)}
<footer>Made by Plumage ${version} with <code>plumage eval</code>. ± is the standard error: other images of the same kind would give a share
within twice that, 19 times of 20.</footer>
</main>`;
  return page(`Plumage evaluation: ${title}`, body, style);
}

function header(result: Evaluation, title: string): Html {
  const { metrics, network, unread } = result;
  const { images, top1, top5, concat, classMean } = metrics;
  const error = (share: number) =>
    `± ${(100 * standardError(share, images)).toFixed(1)} · ${whole(share * images)} of ${whole(images)}`;
  const empty = metrics.classes.filter((each) => each.images === 0).length;
  const shares: [string, number, string][] = [
    [network === 'plain' ? 'Top-1' : 'Top-1, combined', top1, error(top1)],
    ...(network === 'plain' ? [] : [['Top-1, concat alone', concat, error(concat)] as [string, number, string]]),
    [
      'Mean of the classes',
      classMean,
      empty > 0 ? `${count(empty, 'class', 'classes')} without an image` : 'each class counts the same',
    ],
    ['Top-5', top5, error(top5)],
  ];
  const facts: [string, string][] = [
    ['Model', result.model],
    ['Data', `${result.data} (${result.dataset})`],
    ['Images', `${whole(images)} of ${result.split}${unread > 0 ? `, ${whole(unread)} more could not be read` : ''}`],
    ['Classes', whole(result.classes.length)],
    ['Adapter', result.adapters.join(', ')],
    ['Precision', result.precision],
  ];
  const tile = ([name, share, note]: [string, number, string]) =>
    html`<li><b>${percent(share)}</b><span>${name}</span><small>${note}</small></li>`;
  return html`<header>
<p class="eyebrow">Plumage evaluation</p>
<h1>${title}</h1>
${images > 0 ? html`<ul class="tiles">${shares.map(tile)}</ul>` : nothing}
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

function pairsSection({ images, metrics, classes }: Evaluation, photos: ReadonlyMap<string, string>): Html {
  const read = images.filter(isRead);
  const pairs = confusedPairs(metrics.confusion, PAIRS);
  if (pairs.length === 0) return nothing;
  const text = (index: number) => classes[index]!.replaceAll('_', ' ');
  const direction = (label: number, said: number, wrong: number) => {
    if (wrong === 0) return nothing;
    const shown = mistakes(read, label, said, EXAMPLES).flatMap((image) => photo(image, classes, photos));
    return html`<p><b>${text(label)}</b> taken for <b>${text(said)}</b> <small>${wrong} of ${metrics.classes[label]!.images}</small></p>
${shown.length > 0 ? html`<ul class="photos">${shown}</ul>` : nothing}`;
  };
  const card = ({ a, b, aAsB, bAsA }: Pair) => html`<li>
${aAsB >= bAsA ? [direction(a, b, aAsB), direction(b, a, bAsA)] : [direction(b, a, bAsA), direction(a, b, aAsB)]}
</li>`;
  return html`<section aria-labelledby="pairs">
<h2 id="pairs">Most confused</h2>
<p>Pairs of classes by the images that were taken for the other, with the mistakes that the model was surest of
and how sure it was.</p>
<ol class="pairs">${pairs.map(card)}</ol>
</section>`;
}

function photo(
  image: Outcome & { file: string },
  classes: readonly string[],
  photos: ReadonlyMap<string, string>,
): Html[] {
  const uri = photos.get(image.file);
  if (uri === undefined) return [];
  const sure = `${(100 * image.probability).toFixed(0)} %`;
  const alt = `${image.file}: ${classes[image.label]} taken for ${classes[image.top[0]!]}, ${sure} sure`;
  return [html`<li><img src="${uri}" alt="${alt}" title="${image.file}"><small>${sure}</small></li>`];
}

function matrixSection({ metrics, classes }: Evaluation): Html {
  return html`<section aria-labelledby="matrix">
<h2 id="matrix">Confusion matrix</h2>
<figure>
<figcaption><p>A row is a class, a column what the model says. The stronger the colour, the larger the share of the row.</p></figcaption>
<ul class="legend"><li>${key('--ours')}right</li><li>${key('--worse')}mistaken</li></ul>
${confusionPicture(metrics.confusion, classes)}
</figure>
</section>`;
}

const key = (color: string): Html =>
  html`<svg viewBox="0 0 2 2" aria-hidden="true"><path d="M0,0h2v2h-2Z" fill="var(${color})"/></svg>`;

/** Classes that are folded away until asked for. */
const MANY = 40;

function classesSection({ metrics, classes }: Evaluation): Html {
  const rows = metrics.classes.map(({ images, correct }, label) => {
    const share = correct / images;
    const wrong = metrics.confusion[label]!.map((number, said) => (said === label ? 0 : number));
    const most = Math.max(...wrong);
    const taken = most > 0 ? `${classes[wrong.indexOf(most)]} (${most})` : '';
    const cells = [
      String(label + 1),
      classes[label]!,
      images > 0 ? percent(share) : '',
      String(correct),
      String(images),
      taken,
    ];
    return { share: images > 0 ? share : 2, row: { cells } satisfies TableRow };
  });
  const sorted = rows.sort((a, b) => a.share - b.share).map(({ row }) => row);
  const columns = [
    { title: 'no.' },
    { title: 'class', text: true },
    { title: 'right' },
    { title: 'of them' },
    { title: 'images' },
    { title: 'mostly taken for', text: true },
  ];
  const all = table({ columns, rows: sorted }, 'Classes, the worst first');
  return html`<section aria-labelledby="classes">
<h2 id="classes">Classes, the worst first</h2>
${classes.length > MANY ? details(`All ${classes.length} classes`, all) : all}
</section>`;
}

function unreadSection({ images }: Evaluation): Html {
  const unread = images.filter((image) => !isRead(image));
  if (unread.length === 0) return nothing;
  const lines = unread.slice(0, NAMED).map((image) => html`<li>${'error' in image ? image.error : ''}</li>`);
  const more = unread.length - lines.length;
  return html`<section aria-labelledby="unread">
<h2 id="unread">Not read</h2>
<p class="warning" role="note">${count(unread.length, 'image')} could not be read and count in no share.</p>
<ul class="notes">${lines}${more > 0 ? html`<li>and ${more} more</li>` : nothing}</ul>
</section>`;
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`;
}

/** What only this page needs. */
const style = `
figure svg.confusion { max-width: none; overflow: hidden; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 14px; margin: 18px 0; padding: 0; list-style: none; }
.pairs > li { background: var(--surface); border: 1px solid var(--edge); border-radius: 12px; padding: 14px 16px; break-inside: avoid; }
.pairs p { margin: 0 0 8px; line-height: 1.35; overflow-wrap: anywhere; }
.pairs p b { font-weight: 600; }
.pairs small { white-space: nowrap; }
.photos { display: grid; grid-template-columns: repeat(4, 1fr); gap: 8px; margin: 0 0 12px; padding: 0; list-style: none; }
.photos img { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; border-radius: 7px; background: var(--grid); }
.photos small { display: block; font-size: 12px; margin-top: 2px; font-variant-numeric: tabular-nums; }
.photos:last-child { margin-bottom: 0; }
`;

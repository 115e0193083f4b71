// The page of a training run: where it is, its curves, its recipe. One HTML file, no script.

import { count, digits, percent } from './format.ts';
import { details, type Html, html, table } from './html.ts';
import { type Line, type LineChart, lineFigure, type Point } from './lines.ts';
import { page } from './page.ts';

/** Means over some steps that end at `x`, in epochs. */
export interface CurvePoint {
  readonly x: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly lr: number;
  readonly backboneLr: number;
  readonly imagesPerSecond: number;
  readonly waited: number;
}

export interface EvaluationPoint {
  readonly x: number;
  readonly of: 'held' | 'test';
  readonly images: number;
  readonly top1: number;
  readonly concat?: number;
  readonly entropy?: number;
  readonly final: boolean;
}

export interface Curves {
  readonly name: string;
  readonly ended: boolean;
  readonly epochs: number;
  readonly steps: readonly CurvePoint[];
  readonly epochPoints: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
  /** What the run is: names with values. */
  readonly facts: readonly (readonly [string, string])[];
  readonly recipe: readonly (readonly [string, string])[];
  readonly version: string;
}

/** Seconds after which the page of a run that goes on loads itself again. */
const REFRESH = 5;

const parts = { held: 'held-out images', test: 'test images' } as const;

export function curvesPage(curves: Curves): string {
  const { name, ended, steps, version } = curves;
  const title = `${name}: ${place(curves)}`;
  const body = html`<main>
${header(curves)}
${steps.length > 0 ? charts(curves).map(lineFigure) : html`<p>No step is done yet.</p>`}
${details('The recipe', table({ columns: [{ title: 'key', text: true }, { title: 'value' }], rows: curves.recipe.map((cells) => ({ cells: [...cells] })) }, 'The recipe'))}
<footer>Made by Plumage ${version} with <code>plumage train</code>. Accuracies of training are those of random crops in training mode, before each step.</footer>
</main>`;
  return page(title, body, '', ended ? undefined : REFRESH);
}

function place({ ended, epochs, steps }: Curves): string {
  if (ended) return 'trained';
  return `epoch ${Math.min(Math.floor(steps.at(-1)?.x ?? 0) + 1, epochs)} of ${epochs}`;
}

function header(curves: Curves): Html {
  const { name, evaluations, facts } = curves;
  const last = curves.epochPoints.at(-1) ?? curves.steps.at(-1);
  const final = evaluations.find((each) => each.final);
  const shown = final ?? evaluations.at(-1);
  const tiles = [
    ...(shown
      ? [[percent(shown.top1), final ? 'of the test images right' : `of the ${parts[shown.of]} right`, detail(shown)]]
      : []),
    ...(last
      ? [
          [digits(last.loss), 'loss', 'mean of the last epoch'],
          [percent(last.accuracy), 'right in training', 'random crops'],
          [digits(last.imagesPerSecond), 'images/s', `the GPU waited ${percent(last.waited)} of the time`],
        ]
      : []),
  ] as [string, string, string][];
  return html`<header>
<p class="eyebrow">Plumage training</p>
<h1>${name}, ${place(curves)}</h1>
<ul class="tiles">${tiles.map(([value, what, note]) => html`<li><b>${value}</b><span>${what}</span><small>${note}</small></li>`)}</ul>
<dl class="facts">${facts.map(([key, value]) => html`<div><dt>${key}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

const detail = ({ images, concat, entropy }: EvaluationPoint) =>
  [
    count(images, 'image'),
    ...(concat === undefined ? [] : [`concatenated branches alone ${percent(concat)}`]),
    ...(entropy === undefined ? [] : [`row entropy of channel attention ${percent(entropy)} of the largest`]),
  ].join('; ');

function charts(curves: Curves): LineChart[] {
  const { steps, epochPoints, evaluations } = curves;
  const points = (from: readonly CurvePoint[], key: Exclude<keyof CurvePoint, 'x'>): Point[] =>
    from.map((each) => [each.x, each[key]]);
  const both = (key: 'loss' | 'accuracy'): Line[] => [
    { name: 'some steps', color: 'var(--k1)', points: points(steps, key), look: 'faint' },
    { name: 'epochs', color: 'var(--k1)', points: points(epochPoints, key) },
  ];
  const evaluated = (['held', 'test'] as const).flatMap((of): Line[] => {
    const found = evaluations.filter((each) => each.of === of);
    const color = of === 'held' ? 'var(--k3)' : 'var(--k6)';
    return found.length > 0
      ? [{ name: parts[of], color, points: found.map(({ x, top1 }) => [x, top1]), look: 'dots' }]
      : [];
  });
  const rows = epochPoints.length > 0 ? epochPoints : steps;
  const numbers = (columns: readonly [string, (point: CurvePoint) => string][]) => ({
    columns: [{ title: 'epochs' }, ...columns.map(([title]) => ({ title }))],
    rows: rows.map((point) => ({ cells: [digits(point.x), ...columns.map(([, show]) => show(point))] })),
  });
  const x = 'epochs';
  return [
    {
      title: 'Loss',
      caption: 'Of the images of each step, before the step.',
      ...{ x, y: 'loss', lines: both('loss') },
      table: numbers([['loss', ({ loss }) => loss.toFixed(4)]]),
    },
    {
      title: 'Accuracy',
      caption:
        evaluated.length > 0
          ? 'Share that is right, in training and on images that are not trained on.'
          : 'Share that is right, in training.',
      ...{
        x,
        y: 'share',
        lines: [...both('accuracy'), ...evaluated],
        show: (share: number) => (share === 0 ? '0 %' : percent(share)),
        top: 1,
      },
      table: numbers([['training', ({ accuracy }) => percent(accuracy)]]),
    },
    {
      title: 'Learning rate',
      caption: 'Of new layers and of the pretrained backbone.',
      ...{ x, y: 'rate', show: (rate: number) => String(Number(rate.toPrecision(3))) },
      lines: [
        { name: 'new layers', color: 'var(--k2)', points: points(steps, 'lr') },
        { name: 'backbone', color: 'var(--k4)', points: points(steps, 'backboneLr') },
      ],
      table: numbers([
        ['new layers', ({ lr }) => lr.toPrecision(4)],
        ['backbone', ({ backboneLr }) => backboneLr.toPrecision(4)],
      ]),
    },
    {
      title: 'Speed',
      caption: 'Images a second, evaluations and checkpoints left out.',
      ...{
        x,
        y: 'images/s',
        lines: [{ name: 'images/s', color: 'var(--k5)', points: points(steps, 'imagesPerSecond') }],
      },
      table: numbers([
        ['images/s', ({ imagesPerSecond }) => digits(imagesPerSecond)],
        ['waited for photos', ({ waited }) => percent(waited)],
      ]),
    },
  ];
}

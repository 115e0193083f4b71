// The benchmark's report: one HTML file with tables and drawn charts, no script, nothing loaded from elsewhere. It only
// shows what it is given; the measuring is in bench/main.ts.

import { details, type Html, html, nothing, type TableRow, table } from '../../src/report/html.ts';
import { page } from '../../src/report/page.ts';
import { ceilingsFor } from '../assemble.ts';
import type { CaseResult, LayerResult, Results } from '../results.ts';
import { type Chart, figure } from './chart.ts';
import { changesChart } from './charts/changes.ts';
import { heldChart } from './charts/held.ts';
import { kernelColors } from './charts/layerSums.ts';
import { layersChart } from './charts/layers.ts';
import { memoryChart } from './charts/memory.ts';
import { type NamedCase, ratiosChart, shortCase, timesChart } from './charts/peers.ts';
import { rooflineChart } from './charts/roofline.ts';
import { slotsChart } from './charts/slots.ts';
import { timelineChart } from './charts/timeline.ts';
import { compareResults } from './compare.ts';
import { digits, inOrder, OURS, time, times } from './format.ts';
import { cpuNotes, header, headline } from './summary.ts';

const SUITES: Readonly<Record<CaseResult['suite'], readonly [title: string, text: string]>> = {
  resnet50: [
    'ResNet50',
    'The classifier, steady state: everything is compiled and warm, one batch goes in, logits come out.',
  ],
  finegrained: ['Fine-grained network', "The paper's network with both attentions and four heads, steady state."],
  cold: [
    'Cold start',
    'From a blank page with the weights in memory to the first result: start-up, pipelines, upload, first run.',
  ],
  kernels: ['Kernels', 'Every shape of the networks on its own; ×3 says that they have it three times.'],
  memory: ['Memory', 'What the networks hold on the GPU.'],
  training: ['Training', 'One step of training: loss, gradients and updates of all weights, steady state.'],
};

/** More cases than this are shown as ratios in one chart instead of times in one each. */
const SINGLE = 4;

/** One self-contained HTML file. `previous` adds a section on what changed. */
export async function reportHtml(results: Results, previous?: Results): Promise<string> {
  const sections: Html[] = [];
  for (const suite of Object.keys(SUITES) as CaseResult['suite'][]) sections.push(await suiteSection(results, suite));
  if (previous) sections.push(await changesSection(results, previous));
  const body = html`<main>
${header(results)}
${sections}
<footer>Made by Plumage ${results.plumage} with <code>npm run bench</code>. GFLOP/s count useful operations as direct convolution; bytes are
those that must at least move. Ratio: the engine's median time over ours.</footer>
</main>`;
  return page(`Plumage benchmark: ${headline(results)}`, body);
}

async function suiteSection(results: Results, suite: CaseResult['suite']): Promise<Html> {
  const cases = Object.entries(results.cases).filter(([, result]) => result.suite === suite);
  if (cases.length === 0) return nothing;
  const [title, text] = SUITES[suite];
  const figures = await Promise.all(chartsOf(results, suite, cases).map(figure));
  return html`<section aria-labelledby="${suite}">
<h2 id="${suite}">${title}</h2>
<p>${text}</p>
${timesTable(results, title, cases)}
${notes(results, cases)}
${figures}
</section>`;
}

function chartsOf(results: Results, suite: CaseResult['suite'], cases: readonly NamedCase[]): Chart[] {
  const { ratios } = results;
  // A kernel has one colour all over the report.
  const colors = kernelColors(Object.values(results.cases).flatMap(({ layers }) => layers ?? []));
  const raced = cases.filter(([, { engines }]) => Object.keys(engines).length > 1);
  const charts: (Chart | undefined)[] =
    raced.length > SINGLE
      ? [ratiosChart(`${SUITES[suite][0]}: peers against ours`, raced, ratios)]
      : raced.map((item) =>
          timesChart(item, ratios[item[0]] ?? {}, suite === 'cold' ? 'time to the first result' : 'time a run'),
        );
  for (const [name, layers] of layerGroups(suite, cases)) {
    const shapes = suite === 'kernels';
    const what = { rows: shapes ? 'shape' : 'layer', order: shapes ? 'each shape on its own' : 'in network order' };
    const ceilings = ceilingsFor(results.cases[name] ?? {}, results);
    charts.push(layersChart(`${name}: time by ${what.rows}`, what, layers, ceilings, colors));
    charts.push(rooflineChart(`${name}: roofline`, layers, ceilings, colors));
  }
  for (const [name, { timeline, memory }] of cases) {
    if (timeline && timeline.length > 0) charts.push(timelineChart(`${name}: what the time goes into`, timeline));
    // The memory suite has the same plan again, with every engine beside it.
    if (!memory || results.cases[`memory/${name}`]) continue;
    charts.push(memoryChart(`${name}: memory over the plan`, memory));
    charts.push(slotsChart(`${name}: the slots`, memory));
    charts.push(heldChart(`${name}: memory held by engine`, memory));
  }
  return charts.filter((chart) => chart !== undefined);
}

/** Layers by case; single kernels have one or two each and make one picture together. */
function layerGroups(suite: CaseResult['suite'], cases: readonly NamedCase[]): [string, readonly LayerResult[]][] {
  const timed = cases.filter(([, { layers }]) => layers && layers.length > 0);
  if (suite !== 'kernels') return timed.map(([name, { layers }]) => [name, layers!]);
  const all = timed.flatMap(([name, { layers, count = 1 }]) =>
    layers!.map((layer) => {
      const own = layers!.length > 1 ? ` ${layer.name}` : '';
      return { ...layer, name: `${shortCase(name)} ×${count}${own}` };
    }),
  );
  return all.length > 0 ? [[SUITES.kernels[0], all]] : [];
}

function timesTable(results: Results, title: string, cases: readonly NamedCase[]): Html {
  const rows = cases.flatMap(([name, { engines, difference }]) =>
    inOrder(Object.keys(engines), (engine) => engines[engine]!.median).map((engine, i): TableRow => {
      const { first, median, min, max, runs } = engines[engine]!;
      const ratio = results.ratios[name]?.[engine];
      const apart = difference[engine];
      return {
        cells: [
          engine,
          digits(median),
          ratio === undefined ? '' : times(ratio),
          runs.length > 1 ? `${digits(min)} – ${digits(max)}` : '',
          String(runs.length),
          digits(first),
          apart === undefined ? '' : apart.toExponential(1),
        ],
        ours: engine === OURS,
        ...(i === 0 ? { group: name } : {}),
      };
    }),
  );
  if (rows.length === 0) return nothing;
  const columns = [
    { title: 'engine', text: true },
    { title: 'median ms' },
    { title: 'ratio' },
    { title: 'range ms' },
    { title: 'runs' },
    { title: 'first ms' },
    { title: 'difference' },
  ];
  const all = table({ columns, rows }, `${title}: all times`);
  return cases.length > SINGLE ? details(`All times of ${cases.length} cases`, all) : all;
}

function someOf(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

/** What the numbers need said beside them: CPU engines that win, peers that did not run, how differences are meant. */
function notes({ adapter }: Results, cases: readonly NamedCase[]): Html {
  const absent = new Map<string, string[]>();
  for (const [name, result] of cases) {
    for (const [peer, reason] of Object.entries(result.absent)) {
      const key = `${peer} is absent: ${reason}`;
      absent.set(key, [...(absent.get(key) ?? []), name]);
    }
  }
  const lines = [
    ...cpuNotes(cases, adapter.software),
    ...[...absent].map(([text, names]) => (cases.length === names.length ? text : `${text} (${someOf(names)})`)),
  ];
  for (const [name, { encodeMilliseconds, uploadMilliseconds }] of cases) {
    if (encodeMilliseconds === undefined) continue;
    const before = uploadMilliseconds === undefined ? '' : `, after ${time(uploadMilliseconds)} for the upload`;
    lines.push(`${name}: ${time(encodeMilliseconds)} of JavaScript a run to encode and submit${before}.`);
  }
  const magnitude = Math.max(...cases.map(([, result]) => result.magnitude));
  const compared = cases.some(([, { difference }]) => Object.keys(difference).length > 0);
  if (compared) lines.push(`Difference: largest absolute one of an output from ours; ours reach ${digits(magnitude)}.`);
  return lines.length > 0 ? html`<ul class="notes">${lines.map((line) => html`<li>${line}</li>`)}</ul>` : nothing;
}

async function changesSection(results: Results, previous: Results): Promise<Html> {
  const comparison = compareResults(previous, results);
  const chart = changesChart(comparison);
  const only: [string, readonly string[]][] = [
    ['Only in the earlier run', comparison.onlyBefore],
    ['Only in this run', comparison.onlyAfter],
  ];
  const lines = only.filter(([, names]) => names.length > 0).map(([text, names]) => `${text}: ${someOf(names)}.`);
  return html`<section aria-labelledby="changes">
<h2 id="changes">What changed</h2>
<p>Against the run of ${previous.date.slice(0, 10)} with Plumage ${previous.plumage}.</p>
${comparison.warnings.map((warning) => html`<p class="warning" role="note">${warning[0]!.toUpperCase() + warning.slice(1)}.</p>`)}
${chart ? await figure(chart) : html`<p>The two runs have no case in common.</p>`}
${lines.length > 0 ? html`<ul class="notes">${lines.map((line) => html`<li>${line}</li>`)}</ul>` : nothing}
</section>`;
}

// Results as text for the terminal. Pure.

import { alignColumns } from '../src/graph/print.ts';
import { ratioOf } from './assemble.ts';
import { OURS } from './cases.ts';
import { cpuEngines } from './engines.ts';
import type { CaseResult, Ceilings, LayerResult, Results } from './results.ts';

/** What stands above all tables: where it was measured, and what the adapter can do at most. */
export function headText({ browser, adapter, precision, ceilings }: Results): string {
  const { fmaGflops, unchainedGflops, copyGigabytes } = ceilings;
  const where = `${adapter.name}${adapter.software ? ' (software: no GPU)' : ''}`;
  const ceiling =
    fmaGflops > 0
      ? `FMA peak ${fmaGflops.toFixed(1)} GFLOP/s${unchainedGflops ? ` (${unchainedGflops.toFixed(1)} unchained)` : ''}, copy ${copyGigabytes.toFixed(1)} GB/s`
      : 'ceilings not measured: this adapter has no timestamp-query';
  return `${browser}, ${where}, ${precision}\n${ceiling}`;
}

/** The sweep behind the FMA peak: a row a workgroup size, a column a number of accumulators. */
export function sweepText({ sweep, unchainedGflops }: Ceilings): string {
  const unique = (values: number[]) => [...new Set(values)].sort((a, b) => a - b);
  const accumulators = unique(sweep.map((each) => each.accumulators));
  const cell = (w: number, a: number) =>
    sweep.find((each) => each.workgroup === w && each.accumulators === a)?.gflops.toFixed(1) ?? '';
  const rows = unique(sweep.map((each) => each.workgroup)).map((w) => [`${w}`, ...accumulators.map((a) => cell(w, a))]);
  const header = ['GFLOP/s: workgroup, vec4 accumulators', ...accumulators.map(String)];
  const table = alignColumns(
    [header, ...rows],
    header.map((_, i) => i),
  );
  if (unchainedGflops) {
    table.push(
      'Eight multiply-adds of a register in a row, so that the loop costs nothing. Unchained, with one of each register a',
      `turn of the loop, the best is ${unchainedGflops.toFixed(1)} GFLOP/s.`,
    );
  }
  return table.join('\n');
}

/** One case: engines in rows, ours first, then who was absent and why. */
export function caseText(name: string, result: CaseResult): string {
  const {
    engines,
    pairs,
    difference,
    magnitude,
    absent,
    encodeMilliseconds,
    uploadMilliseconds,
    memory,
    longestTasks,
  } = result;
  const ours = engines[OURS];
  const rows = Object.entries(engines).map(([engine, times]) => {
    const { first, median, min, max, runs } = times;
    const own = engine === OURS;
    return [
      cpuEngines.includes(engine) ? `${engine} (CPU)` : engine,
      digits(first),
      digits(median),
      `${digits(min)}-${digits(max)}`,
      `${runs.length}`,
      own ? '' : `${ratioOf(ours!, times).toFixed(2)}x`,
      own ? '' : pairs[engine]!.map((ratio) => ratio.toFixed(2)).join(' '),
      own ? '' : difference[engine]!.toExponential(1),
    ];
  });
  const header = ['engine', 'first ms', 'median ms', 'range', 'runs', 'ratio', 'pair by pair', 'difference'];
  const lines = rows.length > 0 ? alignColumns([header, ...rows], [1, 2, 3, 4, 5]) : [];
  if (encodeMilliseconds !== undefined) {
    const before =
      uploadMilliseconds === undefined ? '' : `; before them, the upload ${uploadMilliseconds.toFixed(2)} ms`;
    lines.push(`encode and submit ${encodeMilliseconds.toFixed(2)} ms${before}`);
  }
  if (longestTasks && Object.keys(longestTasks).length > 0) {
    const tasks = Object.entries(longestTasks).map(([engine, ms]) => `${engine} ${ms ? digits(ms) : 'under 50'}`);
    lines.push(`longest task on the main thread, ms: ${tasks.join(', ')}`);
  }
  if (memory) lines.push(...memoryLines(memory));
  for (const [engine, reason] of Object.entries(absent)) lines.push(`${engine}: ${reason}`);
  if (magnitude > 0) lines.push(`outputs reach ${magnitude.toPrecision(3)}`);
  return [name, ...lines.map((line) => `  ${line}`)].join('\n');
}

function memoryLines(memory: NonNullable<CaseResult['memory']>) {
  const { activationBytes, lowerBoundBytes, constantBytes, stateBytes, engines, peaks } = memory;
  const planned = `activations ${mib(activationBytes)}, ${(activationBytes / lowerBoundBytes).toFixed(3)} x the lower bound`;
  const held = Object.entries(engines).map(([engine, bytes]) => `${engine} ${mib(bytes)}`);
  const states = stateBytes ? `; states ${mib(stateBytes)}, together ${mib(activationBytes + stateBytes)}` : '';
  const most = stateBytes ? Object.entries(peaks ?? {}).map(([engine, bytes]) => `${engine} ${mib(bytes)}`) : [];
  const lines = [`planned: ${planned}; weights ${mib(constantBytes)}${states}`];
  if (held.length > 0) lines.push(`GPU buffers held: ${held.join(', ')}`);
  if (most.length > 0) lines.push(`the most held at once: ${most.join(', ')}`);
  return lines;
}

/** Suite `kernels`: a row a kernel. */
export function kernelsText(cases: Readonly<Record<string, CaseResult>>, ceilings: Ceilings): string {
  const rows = Object.entries(cases).map(([name, { layers = [], engines, count, absent }]) => {
    const facts = rates(layers, ceilings);
    const peers = Object.entries(engines).filter(([engine]) => engine !== OURS);
    return [
      name.replace(/^kernels\//, ''),
      `${count ?? ''}`,
      [...new Set(layers.map(({ kernel }) => kernel))].join(' '),
      facts.milliseconds,
      facts.gflops,
      facts.peak,
      facts.gigabytes,
      digits(engines[OURS]?.median ?? Number.NaN),
      peers.map(([peer, times]) => `${peer} ${ratioOf(engines[OURS]!, times).toFixed(2)}x`).join(' ') ||
        (Object.values(absent)[0] ?? ''),
    ];
  });
  const header = ['kernel', 'count', 'by', 'GPU ms', 'GFLOP/s', 'peak', 'GB/s', 'to read-back ms', 'peers'];
  return alignColumns([header, ...rows], [1, 3, 4, 5, 6, 7]).join('\n');
}

/** `--layers`: every dispatch against the ceilings, and the convolutions together. */
export function layersText(layers: readonly LayerResult[], ceilings: Ceilings): string {
  const rows = layers.map((layer) => {
    const { milliseconds, gflops, peak, gigabytes, copy } = rates([layer], ceilings);
    return [layer.name, layer.kernel, milliseconds, gflops, peak, gigabytes, copy];
  });
  const header = ['dispatch', 'kernel', 'ms', 'GFLOP/s', 'of peak', 'GB/s', 'of copy'];
  return alignColumns([header, ...rows], [2, 3, 4, 5, 6]).join('\n');
}

/** The line below a case that was timed layer by layer. */
export const layersSummary = (layers: readonly LayerResult[], ceilings: Ceilings): string =>
  layers.some(({ pass }) => pass) ? passesText(layers) : convolutionsText(layers, ceilings);

/** A training step's passes: time, and GFLOP/s counted as direct convolution with all that belongs to the pass. */
function passesText(layers: readonly LayerResult[]): string {
  const of = (pass: LayerResult['pass']) => {
    const own = layers.filter((layer) => layer.pass === pass);
    const sum = (what: 'milliseconds' | 'flops') => own.reduce((total, layer) => total + layer[what], 0);
    return { milliseconds: sum('milliseconds'), gflops: sum('flops') / sum('milliseconds') / 1e6 };
  };
  const [forward, backward, update] = [of('forward'), of('backward'), of('update')];
  const text = (name: string, { milliseconds, gflops }: typeof forward) =>
    `${name} ${digits(milliseconds)} ms, ${gflops.toFixed(2)} GFLOP/s`;
  const ratio = `backward / forward ${(backward.gflops / forward.gflops).toFixed(2)}`;
  return `${text('forward', forward)}; ${text('backward', backward)}; updates ${digits(update.milliseconds)} ms; ${ratio}`;
}

/**
 * All convolutions together, and the slowest of them, as parts of the FMA peak and of the one without chains; flops as direct
 * convolution.
 */
export function convolutionsText(layers: readonly LayerResult[], ceilings: Ceilings): string {
  const nodes = new Map<string, { flops: number; milliseconds: number }>();
  for (const { name, op, flops, milliseconds } of layers) {
    if (op !== 'conv2d') continue;
    const node = name.replace(/\/\d+$/, '');
    const sum = nodes.get(node) ?? { flops: 0, milliseconds: 0 };
    nodes.set(node, { flops: sum.flops + flops, milliseconds: sum.milliseconds + milliseconds });
  }
  if (nodes.size === 0) return '';
  type Work = { flops: number; milliseconds: number };
  const part = ({ flops, milliseconds }: Work, peak: number) => flops / milliseconds / 1e6 / peak;
  const all = [...nodes.values()].reduce((a, b) => ({
    flops: a.flops + b.flops,
    milliseconds: a.milliseconds + b.milliseconds,
  }));
  const [slowest, worst] = [...nodes].reduce((a, b) => (part(b[1], 1) < part(a[1], 1) ? b : a));
  const against = (peak: number) => `${percent(part(all, peak))} and ${percent(part(worst, peak))} of the`;
  const { fmaGflops, unchainedGflops: unchained } = ceilings;
  const other = unchained ? `, ${against(unchained)} unchained one of ${unchained.toFixed(1)}` : '';
  const peak = `${against(fmaGflops)} FMA peak of ${fmaGflops.toFixed(1)} GFLOP/s`;
  return `convolutions ${all.milliseconds.toFixed(1)} ms, the least of them ${slowest}: ${peak}${other}`;
}

function rates(layers: readonly LayerResult[], { fmaGflops, copyGigabytes }: Ceilings) {
  const sum = (what: 'milliseconds' | 'flops' | 'bytes') => layers.reduce((total, layer) => total + layer[what], 0);
  const milliseconds = sum('milliseconds');
  const gflops = sum('flops') / milliseconds / 1e6;
  const gigabytes = sum('bytes') / milliseconds / 1e6;
  return {
    milliseconds: digits(milliseconds),
    gflops: gflops.toFixed(1),
    peak: percent(gflops / fmaGflops),
    gigabytes: gigabytes.toFixed(1),
    copy: percent(gigabytes / copyGigabytes),
  };
}

const percent = (part: number): string => (Number.isFinite(part) ? `${(100 * part).toFixed(0)} %` : '-');
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
/** Milliseconds with three digits, or all of those before the point. */
const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

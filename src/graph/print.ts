// The plan as text: one line a dispatch, then totals and memory against the lower bound.

import type { Dispatch, Plan } from './plan.ts';

/**
 * One line a dispatch (node, kernel, the form of nodes that have several, knobs that differ from the shader's defaults,
 * grid, buffers, those with `:f16` stored as that, MFLOP, MB), totals.
 */
export function printPlan(plan: Plan): string {
  const forms = new Map(plan.forms.map(({ node, form }) => [node, form]));
  const rows = plan.dispatches.map((d) => [
    d.name,
    d.kernel.name,
    forms.get(d.name) ?? forms.get(d.name.replace(/\/\d+$/, '')) ?? '',
    knobsText(d),
    d.grid.join('x'),
    d.buffers.map((b, i) => bufferText(plan, b, isHalf(d, i))).join(' '),
    (d.flops / 1e6).toFixed(1),
    (d.bytes / 1e6).toFixed(2),
  ]);
  const header = ['node', 'kernel', 'form', 'knobs', 'grid', 'buffers', 'MFLOP', 'MB'];
  return [...alignColumns([header, ...rows], [6, 7]), ...totals(plan)].join('\n');
}

/** Totals: dispatches, GFLOP, parameters, activation memory against the lower bound. */
export function totals(plan: Plan): string[] {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  const ratio = plan.activationBytes / Math.max(plan.lowerBoundBytes, 1);
  const slots = plan.buffers.filter((b) => b.role === 'slot').length;
  return [
    `${plan.dispatches.length} dispatches, ${(plan.flops / 1e9).toFixed(3)} GFLOP`,
    `constants ${mb(plan.constantBytes)} in ${plan.constants.length} buffers`,
    `activations ${mb(plan.activationBytes)} in ${slots} slots, lower bound ${mb(plan.lowerBoundBytes)}, ratio ${ratio.toFixed(3)}`,
  ];
}

function knobsText({ kernel, knobs: compiled, params: given }: Dispatch): string {
  const { knobs: constants, params } = kernel.shader;
  const knobs = { ...compiled, ...given };
  const set = constants.filter(({ name, default: usual }) => knobs[name] !== undefined && knobs[name] !== usual);
  return [...params, ...set].map(({ name }) => `${name}=${knobs[name]}`).join(' ');
}

function isHalf({ kernel, half }: Dispatch, index: number): boolean {
  return half.includes(kernel.shader.bindings.filter(({ access }) => access !== 'uniform')[index]!.name);
}

function bufferText(plan: Plan, index: number, half: boolean): string {
  const buffer = plan.buffers[index]!;
  return buffer.role === 'slot' ? `#${index}${half ? ':f16' : ''}` : buffer.label;
}

/** Rows padded to common column widths; columns in `right` are right-aligned. */
export function alignColumns(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

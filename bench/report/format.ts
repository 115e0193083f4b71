// Engines and ratios as the report and the terminal show them; numbers in general are src/report/format.ts.

export * from '../../src/report/format.ts';

export const OURS = 'plumage';

/** An engine that computes on the CPU: there for context, not in the race between WebGPU engines. */
export function onCpu(engine: string): boolean {
  return /wasm|cpu/i.test(engine);
}

/** 0 for ours, 1 for other WebGPU engines, 2 for those on the CPU. */
export function kindOf(engine: string): 0 | 1 | 2 {
  return engine === OURS ? 0 : onCpu(engine) ? 2 : 1;
}

/** Ours first, then the other WebGPU engines, then those on the CPU; each kind by `by`, or else by name. */
export function inOrder(engines: readonly string[], by: (engine: string) => number = () => 0): string[] {
  return [...engines].sort((a, b) => kindOf(a) - kindOf(b) || by(a) - by(b) || a.localeCompare(b));
}

/** 0.17×, 9.8×, 112×. */
export function times(ratio: number): string {
  return `${ratio >= 99.5 ? ratio.toFixed(0) : ratio >= 9.95 ? ratio.toFixed(1) : ratio.toFixed(2)}×`;
}

/** A signed change of +12.3 % or -12.3 %. */
export function change(percents: number): string {
  const size = Math.abs(percents) < 0.05 ? '0.0' : percents.toFixed(1);
  return `${percents >= 0.05 ? '+' : ''}${size} %`;
}

// Which cases there are and what their names mean. Pure: it opens nothing and knows no engine.

import { PlumageError } from '../src/errors.ts';
import type { Spec } from './peers.ts';
import type { CaseResult } from './results.ts';

export type Suite = CaseResult['suite'];
export type NetworkName = 'resnet50' | 'lite' | 'paper';

/** A network on an input of `batch` square images of `size` pixels. */
export interface Network {
  readonly network: NetworkName;
  readonly size: number;
  readonly batch: number;
}

export interface Case extends Network {
  readonly name: string;
  readonly suite: Suite;
  /** Of suite `kernels`: the part after `kernels/`, as kernels.ts names it. */
  readonly kernel?: string;
  /** How often the networks have that kernel. */
  readonly count?: number;
}

/** What engines need to know of a case, with the addresses that its files are served under. */
export function specOf({ network, size, batch, kernel, suite }: Case): Spec {
  const training = suite === 'training';
  return {
    network,
    shape: [batch, size, size, 3],
    output: network === 'resnet50' ? 'logits' : 'combined',
    weights: `/weights/${network}.safetensors`,
    onnx: kernel || training ? '' : `/onnx/${network}/${size}/${batch}.onnx`,
    kernel,
    training,
  };
}

/** The kernels that there are, with their counts. */
export type KernelNames = ReadonlyMap<string, number>;

export const suites: readonly Suite[] = ['resnet50', 'cold', 'kernels', 'finegrained', 'memory', 'training'];

const HELP = 'see --list';
const SIZES = { size: [32, 1024], batch: [1, 256] } as const;

/**
 * `resnet50/<size>/<batch>`, `finegrained/<lite|paper>/<size>/<batch>`, `cold/`, `memory/` or `training/` before either, or
 * `kernels/<kernel>` where `kernels` has it.
 * @throws PlumageError `input` in one line for any other name.
 */
export function parseCase(name: string, kernels: KernelNames): Case {
  const [first, ...rest] = name.split('/');
  if (first === 'kernels') {
    const kernel = rest.join('/');
    const count = kernels.get(kernel);
    if (count === undefined) throw unknown('--case', name, `kernels/... - ${HELP}`);
    return { name, suite: 'kernels', kernel, count, network: 'resnet50', size: 224, batch: 1 };
  }
  if (first === 'cold' || first === 'memory' || first === 'training')
    return { name, suite: first, ...parseNetwork(name, rest) };
  const network = parseNetwork(name, [first!, ...rest]);
  return { name, suite: network.network === 'resnet50' ? 'resnet50' : 'finegrained', ...network };
}

function parseNetwork(name: string, parts: readonly string[]): Network {
  const [, plain, preset, size, batch] =
    /^(?:(resnet50)|finegrained\/(lite|paper))\/(\d+)\/(\d+)$/.exec(parts.join('/')) ?? [];
  const expected = `resnet50/<size>/<batch> or finegrained/<lite|paper>/<size>/<batch> - ${HELP}`;
  if (!size || !batch) throw unknown('--case', name, expected);
  for (const [what, value] of Object.entries({ size: Number(size), batch: Number(batch) })) {
    const [least, most] = SIZES[what as keyof typeof SIZES];
    if (!(value >= least && value <= most)) throw unknown(`--case: ${what}`, `${value}`, `${least} to ${most}`);
  }
  return { network: (plain ?? preset) as NetworkName, size: Number(size), batch: Number(batch) };
}

/** The cases of one suite, or of all; `full` adds batch 8. In the order in which they run: what matters most comes first. */
export function casesOf(suite: string | undefined, full: boolean, kernels: KernelNames): Case[] {
  if (suite !== undefined && !suites.some((each) => each === suite)) throw unknown('--suite', suite, suites.join(', '));
  const names: Record<Suite, string[]> = {
    resnet50: ['resnet50/224/1', ...(full ? ['resnet50/224/8'] : [])],
    cold: ['cold/resnet50/224/1'],
    kernels: [...kernels.keys()].map((kernel) => `kernels/${kernel}`),
    finegrained: ['finegrained/lite/224/1', 'finegrained/paper/224/1'],
    memory: ['memory/resnet50/224/1', 'memory/finegrained/paper/224/1'],
    training: ['training/finegrained/lite/64/4'],
  };
  const chosen = suites.filter((each) => suite === undefined || each === suite);
  return chosen.flatMap((each) => names[each]).map((name) => parseCase(name, kernels));
}

/** The engines to run: `wanted` as in `--peers a,b`, else the usual ones; ours always and first. */
export function choosePeers(wanted: string | undefined, known: readonly string[], usual = known): string[] {
  const names = wanted?.split(',').filter(Boolean) ?? usual;
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw unknown('--peers', wrong, known.filter((name) => name !== OURS).join(', '));
  return [OURS, ...known.filter((name) => name !== OURS && names.includes(name))];
}

/** Whether it runs a whole network's inference, again and again. */
export const infers = ({ suite }: Case): boolean => suite === 'resnet50' || suite === 'finegrained';

/** Our engine's name in results. */
export const OURS = 'plumage';

function unknown(where: string, got: string, expected: string): PlumageError {
  return new PlumageError('input', `${where}: got ${got}, expected ${expected}`);
}

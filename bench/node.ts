// `npm run bench -- --node`: ours on Dawn in Node against onnxruntime-node's WebGPU provider on the same adapter, each in
// a process of its own, timed in turn.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlumageError } from '../src/errors.ts';
import type { AdapterReport } from '../src/node/adapter.ts';
import { removeAtExit } from '../src/node/browser.ts';
import { cacheFolder } from '../src/node/cache.ts';
import { fetchImagenet } from '../src/node/fetchWeights.ts';
import type { Answer } from '../src/worker/messages.ts';
import { differenceOf } from './assemble.ts';
import { type Case, OURS, specOf } from './cases.ts';
import type { Host, RunOptions } from './host.ts';
import { networkOnnx, networkWeights } from './networks.ts';
import type { NodeRunner } from './nodeRunner.ts';
import { ortEnvironment, ortNodeFolder } from './ortNode.ts';
import type { BenchApi } from './page.ts';
import type { Spec } from './peers.ts';
import type { Results } from './results.ts';
import { runCases } from './run.ts';

const PEER = 'ort-node-webgpu';
/** Its engines. */
export const nodeEngines: readonly string[] = [OURS, PEER];

export interface NodeOptions extends RunOptions {
  readonly adapter?: string;
  readonly host: Pick<Host, 'progress' | 'done'>;
}

type Facts = Pick<Results, 'browser' | 'adapter' | 'ceilings'>;

/** Runs the cases; rejects with code `input` for suites that need a page. */
export async function runInNode({ adapter, host, ...run }: NodeOptions): Promise<{ facts: Facts; failures: string[] }> {
  const wrong = run.cases.find(({ suite }) => suite !== 'resnet50' && suite !== 'finegrained');
  if (wrong) throw new PlumageError('input', `--node: got ${wrong.name}, expected cases of resnet50 or finegrained`);
  const folder = await mkdtemp(path.join(tmpdir(), 'plumage-bench-'));
  const forget = removeAtExit(folder);
  // An error: why that engine cannot run.
  const places = new Map<string, Place | Error>([[OURS, { where: adapter ?? '', env: {} }]]);
  const processes = new Map<string, Runner>();
  const runner = (name: string): Runner => {
    const running = processes.get(name);
    if (running?.isOpen) return running;
    const place = places.get(name)!;
    if (place instanceof Error) throw place;
    const started = new Runner(name, place);
    processes.set(name, started);
    return started;
  };
  const end = () => {
    for (const running of processes.values()) running.end();
    processes.clear();
  };
  try {
    const ours = runner(OURS);
    host.progress("the adapter's ceilings");
    const facts = {
      browser: `Node ${process.version}`,
      adapter: await ours.call('adapter'),
      ceilings: await ours.call('ceilings'),
    };
    if (run.peers.includes(PEER)) {
      const place = ortPlace(await ours.call('report'), host.progress);
      places.set(PEER, await place.catch((error: Error) => error));
    }
    const page = async () => {
      end(); // one may hang
      return nodeApi(runner, processes);
    };
    const spec = (each: Case) => specIn(folder, each);
    return { facts, failures: await runCases({ ...host, page, spec }, run) };
  } finally {
    end();
    forget();
  }
}

/** What an engine's process is started with; `where`: our adapter's name, or the folder of ONNX Runtime. */
interface Place {
  readonly where: string;
  readonly env: Readonly<Record<string, string>>;
}

async function ortPlace(report: AdapterReport, progress: Host['progress']): Promise<Place> {
  progress(`the driver of ${report.chosen.name}`);
  const env = await ortEnvironment(report, async (env) => {
    const probe = new Runner(OURS, { where: '', env });
    try {
      return await probe.call('report');
    } finally {
      probe.end();
    }
  });
  return { where: await ortNodeFolder(progress), env };
}

/** The functions of a page, each engine in its process. */
function nodeApi(runner: (name: string) => Runner, processes: ReadonlyMap<string, Runner>): BenchApi {
  const outputs = new Map<string, Float32Array>();
  const ours = () => runner(OURS);
  return {
    open: async (name, spec) => runner(name).call('open', spec),
    async time(name) {
      const { output, ...times } = await runner(name).call('time');
      outputs.set(name, output);
      return times;
    },
    difference: async (name) => differenceOf(outputs.get(OURS)!, outputs.get(name)!),
    layers: async (spec, repeats) => ours().call('layers', spec, repeats),
    planned: async (spec) => ours().call('planned', spec),
    adapter: async () => ours().call('adapter'),
    ceilings: async () => ours().call('ceilings'),
    gpuBytes: async () => ({ now: 0, peak: 0 }),
    async close(name) {
      const running = processes.get(name);
      if (running?.isOpen) await running.call('close');
    },
    cold: async () => {
      throw new PlumageError('input', '--node: cold starts are timed in pages only');
    },
  };
}

/** The case's files, by path; both engines read them. */
async function specIn(folder: string, each: Case): Promise<Spec> {
  const { network, size, batch } = each;
  const imagenet = await readFile(await fetchImagenet({ cacheDir: cacheFolder() }));
  const bytes = await networkWeights(network, imagenet);
  const weights = path.join(folder, `${network}.safetensors`);
  const onnx = path.join(folder, `${network}-${size}-${batch}.onnx`);
  await writeFile(weights, bytes);
  await writeFile(onnx, await networkOnnx(each, bytes));
  return { ...specOf(each), weights, onnx };
}

class Runner {
  #next = 0;
  readonly #waiting = new Map<number, { done: (value: never) => void; fail: (error: Error) => void }>();
  readonly #child: ChildProcess;

  constructor(
    readonly name: string,
    { where, env }: Place,
  ) {
    const program = fileURLToPath(new URL('nodeRunner.js', import.meta.url));
    this.#child = fork(program, [name, where], {
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced', // numbers as they are: JSON knows no NaN
    });
    this.#child.on('message', ({ id, ...answer }: { id: number } & Answer<never>) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (!('error' in answer)) return waiting?.done(answer.value);
      const { code, message } = answer.error;
      waiting?.fail(code === 'internal' ? new Error(message) : new PlumageError(code, message));
    });
    this.#child.on('exit', (code, signal) => this.#failAll(signal ?? `code ${code}`));
    process.once('exit', this.end);
  }

  /** Whether it takes calls. */
  get isOpen(): boolean {
    return this.#child.connected;
  }

  call<Name extends keyof NodeRunner>(
    name: Name,
    ...args: Parameters<NodeRunner[Name]>
  ): Promise<Awaited<ReturnType<NodeRunner[Name]>>> {
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.#child.send({ id, name, args }, (error) => error && fail(error));
    });
  }

  /** Also when it hangs: what it was asked for fails now. */
  readonly end = (): void => {
    process.off('exit', this.end);
    this.#child.kill('SIGKILL');
    this.#failAll('SIGKILL');
  };

  #failAll(why: string): void {
    const error = new PlumageError('adapter', `the process of ${this.name} ended, ${why}`);
    for (const { fail } of this.#waiting.values()) fail(error);
    this.#waiting.clear();
  }
}

// `npm run bench -- --node`: ours on Dawn in Node against onnxruntime-node's WebGPU provider on the same adapter, each in
// a process of its own, timed in turn.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlumageError } from '../src/errors.ts';
import { cacheFolder } from '../src/node/cache.ts';
import { fetchImagenet } from '../src/node/fetchWeights.ts';
import { differenceOf } from './assemble.ts';
import { type Case, OURS } from './cases.ts';
import { networkOnnx, networkWeights } from './networks.ts';
import type { NodeRunner } from './nodeRunner.ts';
import { ortEnvironment, ortNodeFolder } from './ortNode.ts';
import type { BenchApi } from './page.ts';
import type { Spec } from './peers.ts';
import type { Results } from './results.ts';
import { type Host, type RunOptions, runCases } from './run.ts';

/** Its engines. */
export const nodeEngines: readonly string[] = [OURS, 'ort-node-webgpu'];

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
  const forget = removeAtEnd(folder);
  const processes = new Map<string, Runner>();
  const runner = async (name: string): Promise<Runner> => {
    const running = processes.get(name);
    if (running?.child.connected) return running;
    const started = await Runner.start(name, adapter, host.progress);
    processes.set(name, started);
    return started;
  };
  try {
    const ours = await runner(OURS);
    host.progress("the adapter's ceilings");
    const facts = {
      browser: `Node ${process.version}`,
      adapter: await ours.call('adapter'),
      ceilings: await ours.call('ceilings'),
    };
    const api = nodeApi(runner);
    const spec = (each: Case) => specIn(folder, each);
    return { facts, failures: await runCases({ ...host, page: async () => api, spec }, run) };
  } finally {
    for (const running of processes.values()) running.end();
    forget();
  }
}

/** Removes the folder when the process ends, also by Ctrl-C; returns what does it now. */
function removeAtEnd(folder: string): () => void {
  const remove = () => {
    process.off('exit', remove);
    process.off('SIGINT', interrupt);
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupt = () => process.exit(130);
  process.once('exit', remove);
  process.once('SIGINT', interrupt);
  return remove;
}

/** The functions of a page, each engine in its process. */
function nodeApi(runner: (name: string) => Promise<Runner>): BenchApi {
  const outputs = new Map<string, Float32Array>();
  const ours = () => runner(OURS);
  return {
    open: async (name, spec) => (await runner(name)).call('open', spec),
    async time(name) {
      const { output, ...times } = await (await runner(name)).call('time');
      outputs.set(name, Float32Array.from(output));
      return times;
    },
    difference: async (name) => differenceOf(outputs.get(OURS)!, outputs.get(name)!),
    layers: async (spec, repeats) => (await ours()).call('layers', spec, repeats),
    planned: async (spec) => (await ours()).call('planned', spec),
    adapter: async () => (await ours()).call('adapter'),
    ceilings: async () => (await ours()).call('ceilings'),
    gpuBytes: async () => ({ now: 0, peak: 0 }),
    close: async () => {},
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
  const output = network === 'resnet50' ? 'logits' : 'combined';
  return { network, shape: [batch, size, size, 3], output, weights, onnx };
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

class Runner {
  #next = 0;
  readonly #waiting = new Map<number, { done: (value: never) => void; fail: (error: Error) => void }>();

  private constructor(readonly child: ChildProcess) {
    child.on('message', ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.done(value as never);
      else waiting?.fail(new Error(error));
    });
    child.on('exit', (code, signal) => {
      for (const { fail } of this.#waiting.values()) fail(new Error(`its process ended, ${signal ?? `code ${code}`}`));
    });
  }

  static async start(name: string, adapter: string | undefined, progress: Host['progress']): Promise<Runner> {
    const own = name === OURS;
    const where = own ? (adapter ?? '') : await ortNodeFolder(progress);
    const env = { ...process.env, ...(own ? {} : await ortEnvironment(adapter)) };
    const program = fileURLToPath(new URL('nodeRunner.js', import.meta.url));
    const child = fork(program, [own ? 'plumage' : 'ort', where], {
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const ready = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    if (!ready)
      throw new PlumageError('adapter', `${name}: its process ended at once, expected adapter ${adapter ?? 'any'}`);
    return new Runner(child);
  }

  call<Name extends keyof NodeRunner>(
    name: Name,
    ...args: Parameters<NodeRunner[Name]>
  ): Promise<Awaited<ReturnType<NodeRunner[Name]>>> {
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.child.send({ id, name, args }, (error) => error && fail(error));
    });
  }

  end(): void {
    this.child.kill();
  }
}

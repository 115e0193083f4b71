// `plumage demo`: serves the demo page on this machine until Ctrl-C.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { type Bench, serveDemo } from '../node/demoServer.ts';
import { modelFile } from './options.ts';
import { startProgress } from './progress.ts';
import { installedSamples } from './samples.ts';
import { print } from './text.ts';

interface DemoOptions {
  readonly model: readonly string[];
  readonly port?: number;
  readonly imagenet: boolean;
}

const EXAMPLE = `
The page runs the engine in the browser; no photo leaves it. ImageNet's weights are fetched once, 95 MB.

Examples:
  $ plumage demo
  $ plumage demo --model birds.safetensors --port 8080
  $ plumage demo --model birds.safetensors --no-imagenet`;

export function demoCommand(): Command {
  return new Command('demo')
    .description('serve the demo page: where each branch of the network looks, how fast each layer runs')
    .option(
      '--model <file>',
      'a .safetensors or .pth file to choose in the page, first of all; repeatable',
      collect,
      [],
    )
    .option('--port <n>', 'by default a free one', port)
    .option('--no-imagenet', "without ImageNet's weights")
    .addHelpText('after', EXAMPLE)
    .action(demo);
}

const collect = (file: string, before: readonly string[]) => [...before, file];

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65535) return value;
  throw new InvalidArgumentError('Expected a port, 0 to 65535.');
}

async function demo(options: DemoOptions): Promise<void> {
  const progress = startProgress();
  const models = options.model.map((file) => ({ name: path.parse(file).name, file }));
  if (options.imagenet) models.push({ name: 'imagenet', file: await modelFile('imagenet', progress) });
  const page = fileURLToPath(new URL('demo', import.meta.url));
  const bench = options.imagenet ? await builtBench() : undefined;
  const server = await progress.during('reading the weights', () =>
    serveDemo({ page, models, samples: installedSamples(), port: options.port, bench }),
  );
  print(`${server.url}/ - open it in a browser on this machine; Ctrl-C ends`);
  await once(process, 'SIGINT'); // which ends the process
}

/** The benchmark of a clone where it has been built. Its weights are ImageNet's. */
async function builtBench(): Promise<Bench | undefined> {
  const file = new URL('bench/mount.js', import.meta.url);
  return existsSync(file) ? ((await import(file.href)) as Bench) : undefined;
}

// `plumage watch`: the curves of a training run as a page that follows it, and its last line in the terminal.

import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import type { Curves } from '../report/curves.ts';
import { writeCurves } from './curves.ts';
import { startProgress } from './progress.ts';
import { RunFolder } from './runFolder.ts';
import { print } from './text.ts';
import { percent } from './trainText.ts';

const EVERY_MS = 2000;

const HELP = `
Writes curves.html into the run's folder, again whenever the run has said something new. A browser that shows the file loads
it again by itself; nothing is served. It ends when the run has come to its end; one that was stopped it waits for. Training
writes the page at its end in any case.

Examples:
  $ plumage watch runs/birds
  $ plumage watch runs/birds --once`;

export function watchCommand(): Command {
  return new Command('watch')
    .description('keep a page with the curves of a training run up to date')
    .argument('<run>', "the run's folder")
    .option('--once', 'write the page as it is now and end')
    .addHelpText('after', HELP)
    .action(watch);
}

async function watch(run: string, { once }: { once?: boolean }): Promise<void> {
  const folder = new RunFolder(run);
  let seen = stamp(folder); // before the page, so that no line goes unseen
  let curves = writeCurves(folder);
  print(folder.file('page'));
  if (once) return;
  const progress = startProgress();
  await progress.during('watching', async () => {
    for (; !curves.ended; await setTimeout(EVERY_MS)) {
      const now = stamp(folder);
      if (now === seen) continue;
      seen = now;
      curves = writeCurves(folder);
      progress.count(curves.epochPoints.length, curves.epochs, lastText(curves));
    }
  });
  print('the run has ended');
}

/** Tells whether the metrics have changed. */
function stamp(folder: RunFolder): string {
  const found = statSync(folder.file('metrics'), { throwIfNoEntry: false });
  return found ? `${found.size} ${found.mtimeMs}` : '';
}

function lastText({ steps, evaluations }: Curves): string {
  const last = steps.at(-1);
  const evaluation = evaluations.at(-1);
  const parts = [
    last ? `epoch ${last.x.toFixed(2)}, loss ${last.loss.toFixed(3)}, ${percent(last.accuracy)} right` : 'no step yet',
    ...(evaluation
      ? [`${percent(evaluation.top1)} of the ${evaluation.of === 'held' ? 'held-out' : 'test'} images`]
      : []),
  ];
  return parts.join(', ');
}

// The `plumage` command: its subcommands, and one place where errors become one line and exit code 1.

import { type Command, program } from 'commander';
import { releaseAdapters } from '../node/adapter.ts';
import { classifyCommand } from './classify.ts';
import { dataCommand } from './data.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { evalCommand } from './eval.ts';
import { exportCommand } from './export.ts';
import { gradcheckCommand } from './gradcheck.ts';
import { infoCommand } from './info.ts';
import { initCommand } from './init.ts';
import { exitOnSignals } from './interrupt.ts';
import { mergeCommand } from './merge.ts';
import { Progress } from './progress.ts';
import { runCommand } from './run.ts';
import { firstLine } from './text.ts';
import { trainCommand } from './train.ts';
import { tuneCommand } from './tune.ts';
import { versions } from './versions.ts';
import { watchCommand } from './watch.ts';
import { weightsCommand } from './weights.ts';

const EXAMPLE = `
Start with:
  $ plumage classify            sample photos, with ImageNet's classes
  $ plumage doctor              what this machine can compute on

Each command has its own --help. PLUMAGE_DEBUG=1 adds the stack to errors, PLUMAGE_CACHE moves the cache folder.`;

exitOnSignals();
process.on('uncaughtException', stop);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader went away, as `head` does.
  if (error.code === 'EPIPE') process.exit();
  stop(error);
});

program
  .name('plumage')
  .description('Fine-grained image classification on WebGPU: the same kernels in Node, Chrome and your page')
  .version(versions().plumage)
  .configureOutput({
    outputError: (text, write) =>
      write(
        `${text
          .trim()
          .replace(/^error: /, 'plumage: ')
          .replaceAll('\n', ' ')}\n`,
      ),
  })
  .addHelpText('after', EXAMPLE);
for (const command of [
  classifyCommand(),
  demoCommand(),
  evalCommand(),
  mergeCommand(),
  doctorCommand(),
  weightsCommand(),
  infoCommand(),
  initCommand(),
  exportCommand(),
  runCommand(),
  trainCommand(),
  tuneCommand(),
  watchCommand(),
  gradcheckCommand(),
  dataCommand(),
]) {
  inherit(command);
  program.addCommand(command);
}
await program.parseAsync().catch(fail);
releaseAdapters();

function inherit(command: Command): void {
  command.copyInheritedSettings(program);
  command.commands.forEach(inherit);
}

function fail(error: unknown): void {
  const message = firstLine(error);
  new Progress().error(process.env.PLUMAGE_DEBUG && error instanceof Error ? (error.stack ?? message) : message);
  process.exitCode ||= 1;
}

/** Nothing is left that would wind up what is still open. */
function stop(error: unknown): void {
  fail(error);
  process.exit();
}

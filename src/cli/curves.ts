// The page of a training run, from the files in its folder.

import path from 'node:path';
import { type CurvePoint, type Curves, curvesPage } from '../report/curves.ts';
import type { EpochEvent, RunEvent, StepEvent, TrainingEvent } from '../train/events.ts';
import { replaceFile } from './replaceFile.ts';
import type { RunConfig, RunFolder } from './runFolder.ts';

/** Writes it again from the metrics so far. */
export function writeCurves(folder: RunFolder): Curves {
  const name = path.basename(path.resolve(folder.path));
  const curves = curvesOf(name, folder.readConfig(), folder.readEvents());
  replaceFile(folder.file('page'), Buffer.from(curvesPage(curves)));
  return curves;
}

export function curvesOf(name: string, config: RunConfig, events: readonly TrainingEvent[]): Curves {
  const runs = events.filter((event): event is RunEvent => event.kind === 'run');
  const run = runs.at(-1);
  const steps = run?.stepsPerEpoch ?? 1;
  const point = (event: StepEvent | EpochEvent): CurvePoint => ({ ...event, x: event.step / steps });
  const { recipe, network, data, dataset, model } = config;
  const attention = network.model === 'plumage' ? `, attention ${network.attention ?? 'both'}` : '';
  return {
    name,
    ended: events.at(-1)?.kind === 'end',
    epochs: recipe.epochs,
    steps: events.flatMap((event) => (event.kind === 'step' ? [point(event)] : [])),
    // An epoch with images that could not be read has fewer steps.
    epochPoints: events.flatMap((event) => (event.kind === 'epoch' ? [{ ...point(event), x: event.epoch + 1 }] : [])),
    evaluations: events.flatMap((event) =>
      event.kind === 'evaluation' ? [{ ...event, x: event.epoch, final: event.final ?? false }] : [],
    ),
    facts: [
      ['Data', `${data} (${dataset})`],
      ['Images', `${run?.images ?? 0} for training, ${network.classes.length} classes`],
      ['Network', `${network.model}, ${network.size} px${attention}`],
      ['Started from', model],
      ['Adapter', run?.adapter ?? ''],
      ['Began', runs[0]?.time ?? ''],
    ],
    recipe: Object.entries(recipe).map(([key, value]) => [key, String(value)]),
    version: config.plumage,
  };
}

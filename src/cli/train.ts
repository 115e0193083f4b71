// `plumage train`: its options, and what they ask for. The run itself is in trainRun.ts.

import path from 'node:path';
import { Command, Option } from 'commander';
import { mismatch } from '../errors.ts';
import { readWeights } from '../formats/weights.ts';
import { assumedSpeed, defaultTarget, type Family } from '../graph/target.ts';
import { KINDS, type Kind, openDataset } from '../node/datasets/dataset.ts';
import { bindingLimit, microBatchThatFits, trainingCost } from '../train/cost.ts';
import { checkRecipe, checkSame, type RecipeKey } from '../train/recipe.ts';
import { stepsPerEpoch } from '../train/schedule.ts';
import { readClassNames } from './classNames.ts';
import { bannerOption, LAYOUTS } from './datasetOptions.ts';
import { interruptible } from './interrupt.ts';
import { jsonOption, modelFile, wholeFromZero, wholeNumber } from './options.ts';
import { type Progress, startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { type RunConfig, RunFolder } from './runFolder.ts';
import { collect, parseSetting } from './setting.ts';
import { print } from './text.ts';
import { trainingData } from './trainData.ts';
import { keepsFeatures } from './trainFeatures.ts';
import { checkSameNetwork, type InitialModel, initialModel, trainerOptions } from './trainModel.ts';
import { runTraining, type TrainRequest } from './trainRun.ts';
import { type Amount, dryRunFacts, dryRunText, endText, recipeHelp } from './trainText.ts';
import { versions } from './versions.ts';

/** Options that are keys of the recipe too. */
type Settings = Readonly<Partial<Record<RecipeKey, unknown>>>;

interface TrainOptions extends Settings {
  readonly data?: string;
  readonly dataset?: Kind;
  readonly classes?: string;
  readonly banner?: number;
  readonly model?: string;
  readonly out?: string;
  readonly resume?: boolean;
  readonly set?: readonly string[];
  readonly f16?: boolean;
  readonly saveEvery?: number;
  readonly workers?: number;
  readonly adapter?: string;
  readonly dryRun?: boolean;
  readonly family: Family;
  readonly gflops?: number;
  readonly images?: number;
  readonly json?: boolean;
}

const HELP = `
The recipe: what --set takes, with its defaults
${recipeHelp()}
${LAYOUTS}

The run's folder gets config.json, checkpoint.safetensors (after every epoch, and on Ctrl-C), metrics.jsonl, curves.html and
final.safetensors, which every other command takes as a model: the last epoch's weights, or with evaluate=held those that
were best on the held-out part, which best.safetensors keeps meanwhile. The test images choose nothing; they are evaluated
at the end, and with evaluate=test on the way, for the curve. With freeze=backbone and augment=false what the backbone says
of each photo is computed once and kept there too (features.bin): all later epochs are much faster.

Examples:
  $ plumage init --classes birds.txt --out init.safetensors
  $ plumage train --data CUB_200_2011 --dataset cub --model init.safetensors --out runs/birds --dry-run
  $ plumage train --data CUB_200_2011 --dataset cub --model init.safetensors --out runs/birds --micro-batch 8
  $ plumage train --resume --out runs/birds             as if it had never been stopped
  $ plumage train --data photos --dataset folder --model init.safetensors --out runs/x --epochs 20 --set lr=0.005
  $ plumage watch runs/birds                            curves while it goes on`;

export function trainCommand(): Command {
  return new Command('train')
    .description("train a model on a data set by the paper's recipe, from a file that plumage init made")
    .option('--data <dir>', "the data set's folder")
    .addOption(new Option('--dataset <layout>', 'how it is laid out').choices(KINDS))
    .option('--classes <file>', 'only the classes named in this text file, one a line')
    .addOption(bannerOption('rows to crop off the bottom of photos (default: 20 for aircraft, else 0)'))
    .option('--model <file>', 'the model to start from')
    .option('--out <dir>', "the run's folder")
    .option(
      '--resume',
      'go on with the run in --out from its last checkpoint, by its own options; --data (where it lies now), --f16, --save-every, --adapter and --workers may be given anew',
    )
    .option('--epochs <n>', 'as --set epochs=n', wholeNumber)
    .option('--batch <n>', 'as --set batch=n', wholeNumber)
    .option('--micro-batch <n>', 'as --set microBatch=n', wholeNumber)
    .option('--seed <n>', 'as --set seed=n', wholeFromZero)
    .option('--freeze <stage>', 'as --set freeze=stage')
    .option('--attention <which>', 'as --set attention=which')
    .option('--recompute', 'as --set recompute=true')
    .option('--recalibrate-bn', 'as --set recalibrateBn=true')
    .option('--set <key=value>', 'a key of the recipe, see below; may be given again', collect)
    .option('--f16', 'store the weights of final.safetensors as f16')
    .option('--save-every <steps>', 'a checkpoint after so many steps of an epoch too', wholeNumber)
    .option('--workers <n>', 'threads that decode (default: one core fewer than there are, 4 at most)', wholeNumber)
    .option('--adapter <adapter>', 'gpu, software, swiftshader, lavapipe or a part of its name')
    .option('--dry-run', 'print memory, largest buffer and time without a GPU, and do nothing')
    .addOption(
      new Option('--family <family>', 'with --dry-run: the class of adapter')
        .choices(['software', 'integrated', 'discrete', 'apple'])
        .default('discrete'),
    )
    .option('--gflops <n>', 'with --dry-run: the speed to reckon with, instead of an assumed one', wholeNumber)
    .option('--images <n>', 'with --dry-run and no --data: training images to reckon with', wholeNumber)
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action((options: TrainOptions) => (options.dryRun ? dryRun(options) : train(options)));
}

const SHORT: readonly RecipeKey[] = [
  'epochs',
  'batch',
  'microBatch',
  'seed',
  'freeze',
  'attention',
  'recompute',
  'recalibrateBn',
];

function settingsOf(options: TrainOptions): Settings {
  const short = SHORT.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]] as const]));
  return Object.fromEntries([...short, ...(options.set ?? []).map(parseSetting)]);
}

function need<T>(value: T | undefined, option: string, what: string): T {
  if (value !== undefined) return value;
  throw mismatch('input', 'train', option, 'nothing', what, 'see plumage train --help');
}

async function train(options: TrainOptions): Promise<void> {
  const progress = startProgress(options.json);
  const folder = new RunFolder(need(options.out, '--out', "the run's folder"));
  const hold = (signal: AbortSignal) =>
    folder.hold(signal, () => progress.line(`${folder.path}: another process trains here, waiting for its end`));
  const result = await interruptible(async (signal) => {
    try {
      // What a run goes on from has to be read when no other process writes it.
      if (options.resume && folder.has('config')) await hold(signal);
      const request = options.resume ? await goOn(folder, options, progress) : await begin(folder, options, progress);
      return await runTraining(request, { ...options, hold }, progress, signal);
    } finally {
      await folder.letGo();
    }
  });
  print(options.json ? JSON.stringify(result) : endText(result));
}

async function begin(folder: RunFolder, options: TrainOptions, progress: Progress): Promise<TrainRequest> {
  folder.checkNew();
  const recipe = checkRecipe(settingsOf(options), 'train');
  const config = {
    plumage: versions().plumage,
    data: path.resolve(need(options.data, '--data', "the data set's folder")),
    dataset: need(options.dataset, '--dataset', KINDS.join(', ')),
    ...(options.classes !== undefined && { classes: readClassNames(options.classes) }),
    ...(options.banner !== undefined && { banner: options.banner }),
    ...(options.f16 && { f16: true }),
    ...(options.saveEvery !== undefined && { saveEvery: options.saveEvery }),
    model: need(options.model, '--model', 'the file of a model to start from'),
    recipe,
  };
  const { config: network, tensors } = await readModel(config.model, recipe, progress);
  return { folder, config: { ...config, network }, tensors, isNew: true };
}

/** What the run was asked for; what is given again has to be the same, but for the place of the data and what is saved. */
async function goOn(folder: RunFolder, options: TrainOptions, progress: Progress): Promise<TrainRequest> {
  const saved = folder.readConfig();
  const checkpoint = folder.readCheckpoint();
  const began = checkpoint?.state.recipe ?? saved.recipe;
  const recipe = checkRecipe({ ...began, ...settingsOf(options) }, 'train');
  checkSame(recipe, began, folder.path);
  checkSameData(saved, options, folder.path);
  const given = options.model === undefined ? undefined : await readModel(options.model, recipe, progress);
  if (given && checkpoint) checkSameNetwork(given.config, checkpoint.config, folder.path);
  const start = checkpoint ?? given ?? (await readModel(saved.model, recipe, progress));
  const data = options.data === undefined ? saved.data : path.resolve(options.data);
  const { f16 = saved.f16, saveEvery = saved.saveEvery } = options;
  const config = { ...saved, data, recipe, network: start.config, f16, saveEvery };
  return { folder, config, tensors: start.tensors, state: checkpoint?.state };
}

/** Refuses another reading of the data than the run began with. */
function checkSameData(saved: RunConfig, { dataset, banner, classes }: TrainOptions, where: string): void {
  const names = classes === undefined ? undefined : readClassNames(classes);
  const pairs = [
    ['--dataset', dataset, saved.dataset],
    ['--banner', banner, saved.banner],
    ['--classes', names?.join(', '), saved.classes?.join(', ')],
  ] as const;
  for (const [option, given, had] of pairs) {
    if (given === undefined || given === had) continue;
    throw mismatch('input', where, option, given, `what the run began with, ${had ?? 'none'}`, 'leave it out');
  }
}

async function readModel(
  model: string,
  recipe: TrainRequest['config']['recipe'],
  progress: Progress,
): Promise<InitialModel> {
  const file = await modelFile(model, progress);
  return initialModel(await readWeights(readInput(file, 'weights'), file), file, recipe);
}

async function dryRun(options: TrainOptions): Promise<void> {
  const progress = startProgress(options.json);
  const recipe = checkRecipe(settingsOf(options), 'train');
  const model = need(options.model, '--model', 'the file of a model to start from');
  const { config } = await readModel(model, recipe, progress);
  const data = await counted(options, recipe, config.classes, model);
  const target = { ...defaultTarget(options.family), subgroups: true, precision: recipe.precision };
  const trainer = { ...trainerOptions(recipe, data?.steps), features: keepsFeatures(recipe) };
  const cost = trainingCost(config, trainer, target);
  const facts = dryRunFacts(cost, target, recipe, options.gflops ?? assumedSpeed[options.family], data);
  const isTooLarge = cost.largest.bytes > bindingLimit(target);
  const fits = isTooLarge ? microBatchThatFits(config, trainer, target) : undefined;
  print(
    options.json ? JSON.stringify({ ...facts, microBatchThatFits: fits, recipe }) : dryRunText(facts, recipe, fits),
  );
}

/** Images and steps of the data set, or of the number given in its place. */
async function counted(
  { data, dataset, banner, classes, images }: TrainOptions,
  recipe: TrainRequest['config']['recipe'],
  known: readonly string[],
  model: string,
): Promise<Amount | undefined> {
  if (data === undefined) return images ? { train: images, steps: stepsPerEpoch(images, recipe) } : undefined;
  const kind = need(dataset, '--dataset', KINDS.join(', '));
  const names = classes === undefined ? undefined : readClassNames(classes);
  const opened = await openDataset(kind, data, { banner, classes: names });
  const { train, test } = trainingData(opened, recipe, known, model);
  return { train: train.length, test: test.length, steps: stepsPerEpoch(train.length, recipe) };
}

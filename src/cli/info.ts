// `plumage info`: what a model is made of and what it costs, from its weights file and its plan. It needs no GPU.

import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { checkModel, modelGraph } from '../engine/checkModel.ts';
import { mismatch } from '../errors.ts';
import { readWeights } from '../formats/weights.ts';
import { elementCount, isSource, type Node, parameterOp, reachable } from '../graph/node.ts';
import type { CollaborativeAttributes } from '../graph/ops/collaborativeAttention.ts';
import { filtersLastOp } from '../graph/ops/filtersLast.ts';
import { type Plan, plan } from '../graph/plan.ts';
import { printPlan } from '../graph/print.ts';
import { defaultTarget, type Family, type Precision, type Target } from '../graph/target.ts';
import { specialise } from '../kernels/shader.ts';
import { type ModelConfig, SMALLEST_SIZE } from '../model/config.ts';
import { jsonOption, modelFile, precisionOption, wholeNumber } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { cannotWrite, replaceFile } from './replaceFile.ts';
import { bytesText, paint, print, table } from './text.ts';

interface InfoOptions {
  readonly size?: number;
  readonly family: Family;
  readonly precision: Precision;
  readonly plan?: boolean;
  readonly wgsl?: string;
  readonly json?: boolean;
}

export interface Layer {
  readonly name: string;
  readonly kind: string;
  readonly shape: readonly number[];
  /** Trained values: without running statistics. */
  readonly parameters: number;
  /** Multiply-adds. */
  readonly macs: number;
}

export interface ModelFacts {
  readonly config: ModelConfig;
  readonly layers: readonly Layer[];
  readonly parameters: number;
  readonly macs: number;
  readonly plan: Plan;
}

const EXAMPLE = `
Examples:
  $ plumage info imagenet
  $ plumage info imagenet --size 448
  $ plumage info my.safetensors --plan
  $ plumage info imagenet --family discrete --wgsl shaders   # what a driver gets, for a shader compiler of your own`;

export function infoCommand(): Command {
  return new Command('info')
    .description('show layers, parameters, multiply-adds, planned memory and dispatches of a model')
    .argument('<model>', 'imagenet, or a .safetensors or .pth file')
    .option('--size <n>', "side of the square input in pixels, instead of the model's own", wholeNumber)
    .addOption(precisionOption())
    .option('--plan', 'print the plan, one line a dispatch, instead of the layers')
    .addOption(
      new Option('--family <family>', 'the class of adapter to plan for')
        .choices(['software', 'integrated', 'discrete', 'apple'])
        .default('software'),
    )
    .option('--wgsl <folder>', "write each dispatch's shader as the driver gets it, one file a dispatch")
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLE)
    .action(info);
}

async function info(model: string, options: InfoOptions): Promise<void> {
  const { json } = options;
  const file = await modelFile(model, startProgress(json));
  const tensors = await readWeights(readInput(file, 'weights'), file);
  const target = familyTarget(options.family, options.precision);
  const facts = modelFacts(checkModel(tensors, file), options.size, target);
  if (options.wgsl) writeShaders(facts.plan, options.wgsl);
  if (json) print(JSON.stringify(factsJson(facts, options.plan)));
  else print(`${paint('bold', file)}\n${options.plan ? printPlan(facts.plan) : factsText(facts)}`);
}

/** Default limits; on software adapters subgroups, which SwiftShader and lavapipe both have. */
const familyTarget = (family: Family, precision: Precision): Target => ({
  ...defaultTarget(family),
  subgroups: family === 'software',
  precision,
});

/** `012 backbone.layer1.0.conv2.wgsl` and so on, in the order of the dispatches. */
function writeShaders({ dispatches }: Plan, folder: string): void {
  try {
    // NOTE: not recursive, which never returns under /proc.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(folder);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  dispatches.forEach(({ name, kernel, knobs, half }, i) => {
    const file = `${String(i).padStart(3, '0')} ${name.replaceAll('/', ' ')}.wgsl`;
    replaceFile(path.join(folder, file), Buffer.from(specialise(kernel.shader, knobs, half)));
  });
}

/** Facts of the network on one image of `size` pixels a side. */
export function modelFacts(
  config: ModelConfig,
  size = config.size,
  target: Target = familyTarget('software', 'f32'),
): ModelFacts {
  if (size < SMALLEST_SIZE) throw mismatch('input', '--size', 'pixels', size, `at least ${SMALLEST_SIZE}`);
  const outputs = modelGraph(config, [1, size, size, 3]);
  const counted = new Set<Node>();
  const layers = reachable(Object.values(outputs))
    .filter((node) => !isConstant(node))
    .map((node) => layerOf(node, counted));
  return {
    config: { ...config, size },
    layers,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    plan: plan(outputs, target),
  };
}

const isConstant = (node: Node): boolean => isSource(node) || node.op === filtersLastOp;

/** A parameter of several layers counts in the first. */
function layerOf(node: Node, counted: Set<Node>): Layer {
  const { op, shape, name, inputs } = node;
  const own = reachable(inputs.filter(isConstant)).filter((input) => input.op === parameterOp);
  const trained = own.filter((each) => !counted.has(each) && !/\.running_(mean|var)$/.test(each.name));
  for (const each of trained) counted.add(each);
  // A conv (KH, KW, C, K) or linear (in, out) weight is used once for every position of the output.
  const weight = inputs.find((input) => input.op === filtersLastOp);
  return {
    name,
    kind: op.name,
    shape,
    parameters: trained.reduce((sum, each) => sum + elementCount(each.shape), 0),
    macs: weight ? (elementCount(shape) / shape.at(-1)!) * elementCount(weight.shape) : attentionMacs(node),
  };
}

/** By definition: each product once, though two receivers compute the affinity of their pair each for itself. */
function attentionMacs({ op, shape, inputs, attributes }: Node): number {
  const positions = (node: Node) => node.shape[1]! * node.shape[2]!;
  if (op.name === 'channelAttention') return elementCount(shape) * positions(inputs[0]!);
  if (op.name === 'channelGroupAttention') return elementCount(shape) * inputs[2]!.shape[3]!;
  if (op.name !== 'collaborativeAttention') return 0;
  const { index } = attributes as CollaborativeAttributes;
  const senders = inputs.slice(index === undefined ? 0 : 2); // x, query, key of each
  const affinities = senders
    .filter((_, i) => i % 3 === 2)
    .map((key) => positions(key) * (shape[3]! + key.shape[3]! / 2));
  return shape[0]! * shape[1]! * shape[2]! * affinities.reduce((a, b) => a + b);
}

export function factsText({ config, layers, parameters, macs, plan }: ModelFacts): string {
  const rows = layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.shape.join(' x '),
    grouped(layer.parameters),
    (layer.macs / 1e6).toFixed(1),
  ]);
  const { activationBytes, lowerBoundBytes } = plan;
  const ratio = (activationBytes / lowerBoundBytes).toFixed(3);
  const { model, variant, eps, preprocessing, size, classes, ...network } = config;
  const backbone = `ResNet50 ${variant}, ${classes.length} classes, ${preprocessing} preprocessing, eps ${eps}`;
  const sizes = Object.entries(network).map(([field, value]) => `${field} ${value}`);
  const totals = [
    ['model', `${model} ${backbone}`],
    ...(sizes.length > 0 ? [['network', sizes.join(', ')]] : []),
    ['input', `1 x ${size} x ${size} x 3`],
    ['parameters', grouped(parameters)],
    ['multiply-adds', `${(macs / 1e9).toFixed(3)} G`],
    ['dispatches', `${plan.dispatches.length}`],
    ['activations', `${bytesText(activationBytes)}, ${ratio} x the lower bound of ${bytesText(lowerBoundBytes)}`],
    ['constants', bytesText(plan.constantBytes)],
    ['precision', precisionOf(plan)],
  ];
  const header = ['layer', 'kind', 'output', 'parameters', 'M mult-adds'];
  return `${table([header, ...rows], [3, 4])}\n\n${table(totals)}`;
}

function factsJson({ config, layers, parameters, macs, plan }: ModelFacts, withPlan = false) {
  const { activationBytes, lowerBoundBytes, constantBytes } = plan;
  const memory = { activationBytes, lowerBoundBytes, constantBytes };
  const shown = { ...config, classes: config.classes.length };
  const counts = { parameters, macs, dispatches: plan.dispatches.length };
  const facts = { config: shown, precision: precisionOf(plan), ...counts, memory, layers };
  return withPlan ? { ...facts, plan: printPlan(plan).split('\n') } : facts;
}

const precisionOf = ({ target }: Plan): Precision => target.precision ?? 'f32';

/** `25 557 032` */
const grouped = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ' ');

// `plumage info`: what a model is made of and what it costs, from its weights file and its plan. It needs no GPU.

import { Command } from 'commander';
import { modelGraph } from '../engine/model.ts';
import { mismatch } from '../errors.ts';
import { checkWeights, readWeights } from '../formats/weights.ts';
import { elementCount, isSource, type Node, type ParameterAttributes, parameterOp, reachable } from '../graph/node.ts';
import { type Plan, plan } from '../graph/plan.ts';
import { printPlan } from '../graph/print.ts';
import { defaultTarget } from '../graph/target.ts';
import { expectedParameters, type ModelConfig, parseConfig, SMALLEST_SIZE } from '../model/config.ts';
import { jsonOption, modelFile, wholeNumber } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { bytesText, paint, print, table } from './text.ts';

interface InfoOptions {
  readonly size?: number;
  readonly plan?: boolean;
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
  readonly config: Omit<ModelConfig, 'classes'> & { readonly classes: number };
  readonly layers: readonly Layer[];
  readonly parameters: number;
  readonly macs: number;
  readonly plan: Plan;
}

const EXAMPLE = `
Examples:
  $ plumage info imagenet
  $ plumage info imagenet --size 448
  $ plumage info my.safetensors --plan`;

export function infoCommand(): Command {
  return new Command('info')
    .description('show layers, parameters, multiply-adds, planned memory and dispatches of a model')
    .argument('<model>', 'imagenet, or a .safetensors or .pth file')
    .option('--size <n>', "side of the square input in pixels, instead of the model's own", wholeNumber)
    .option('--plan', 'print the plan, one line a dispatch, instead of the layers')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLE)
    .action(info);
}

async function info(model: string, options: InfoOptions): Promise<void> {
  const { json } = options;
  const path = await modelFile(model, startProgress(json));
  const file = readWeights(readInput(path, 'weights'), path);
  const config = parseConfig(file.metadata, path);
  checkWeights(file, expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3])), path);
  const facts = modelFacts(config, options.size);
  if (json) print(JSON.stringify(factsJson(facts, options.plan)));
  else print(`${paint('bold', path)}\n${options.plan ? printPlan(facts.plan) : factsText(facts)}`);
}

/** Facts of the network on one image of `size` pixels a side, planned for a software adapter with default limits. */
export function modelFacts(config: ModelConfig, size = config.size): ModelFacts {
  if (size < SMALLEST_SIZE) throw mismatch('input', '--size', 'pixels', size, `at least ${SMALLEST_SIZE}`);
  const outputs = modelGraph(config, [1, size, size, 3]);
  const layers = reachable(Object.values(outputs))
    .filter((node) => !isSource(node))
    .map(layerOf);
  return {
    config: { ...config, size, classes: config.classes.length },
    layers,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    plan: plan(outputs, defaultTarget()),
  };
}

function layerOf(node: Node): Layer {
  const { op, shape, name, inputs } = node;
  const own = reachable(inputs.filter((input) => isSource(input))).filter((input) => input.op === parameterOp);
  const trained = own.filter((parameter) => !/\.running_(mean|var)$/.test(parameter.name));
  const count = (each: Node) => elementCount((each.attributes as ParameterAttributes).fileShape);
  // A conv (KH, KW, C, K) or linear (in, out) weight is used once for every position of the output.
  const weight = inputs.find((input) => input.op === parameterOp && input.shape.length > 1);
  return {
    name,
    kind: op.name,
    shape,
    parameters: trained.reduce((sum, each) => sum + count(each), 0),
    macs: weight ? (elementCount(shape) / shape.at(-1)!) * elementCount(weight.shape) : 0,
  };
}

export function factsText({ config, layers, parameters, macs, plan }: ModelFacts): string {
  const { model, variant, eps, preprocessing, size, classes } = config;
  const rows = layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.shape.join(' x '),
    grouped(layer.parameters),
    (layer.macs / 1e6).toFixed(1),
  ]);
  const { activationBytes, lowerBoundBytes } = plan;
  const ratio = (activationBytes / lowerBoundBytes).toFixed(3);
  const totals = [
    ['model', `${model} ResNet50 ${variant}, ${classes} classes, ${preprocessing} preprocessing, eps ${eps}`],
    ['input', `1 x ${size} x ${size} x 3`],
    ['parameters', grouped(parameters)],
    ['multiply-adds', `${(macs / 1e9).toFixed(3)} G`],
    ['dispatches', `${plan.dispatches.length}`],
    ['activations', `${bytesText(activationBytes)}, ${ratio} x the lower bound of ${bytesText(lowerBoundBytes)}`],
    ['constants', bytesText(plan.constantBytes)],
  ];
  const header = ['layer', 'kind', 'output', 'parameters', 'M mult-adds'];
  return `${table([header, ...rows], [3, 4])}\n\n${table(totals)}`;
}

function factsJson({ config, layers, parameters, macs, plan }: ModelFacts, withPlan = false) {
  const { activationBytes, lowerBoundBytes, constantBytes } = plan;
  const memory = { activationBytes, lowerBoundBytes, constantBytes };
  const facts = { config, parameters, macs, dispatches: plan.dispatches.length, memory, layers };
  return withPlan ? { ...facts, plan: printPlan(plan).split('\n') } : facts;
}

/** `25 557 032` */
const grouped = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ' ');

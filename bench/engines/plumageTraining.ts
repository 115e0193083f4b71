// Our own engine in training: steps as the library's users run them, and one step's time by dispatch.

import { Weights } from '../../src/gpu/constants.ts';
import { profile } from '../../src/gpu/profile.ts';
import { open } from '../../src/gpu/session.ts';
import { States } from '../../src/gpu/states.ts';
import { reachable } from '../../src/graph/node.ts';
import type { Tensor, TensorFile } from '../../src/graph/tensor.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { predictionOf } from '../../src/model/config.ts';
import { stepInputs, trainingGraph } from '../../src/train/graph.ts';
import { fileToDevice } from '../../src/train/layout.ts';
import { trainingPlans, xState } from '../../src/train/plans.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { plannedMemory } from '../memory.ts';
import type { Mark, Peer } from '../peers.ts';
import type { LayerResult, MemoryResult } from '../results.ts';
import { labelsOf, RATE } from '../training.ts';
import { theEngine, timer } from './plumage.ts';

const rates = { head: RATE, backbone: RATE };

/** Each run is one step on x; it gives the loss and the logits that it saw. */
export async function openTraining(file: TensorFile, config: ModelConfig, batch: number, mark: Mark): Promise<Peer> {
  const { device } = await theEngine();
  mark('device');
  const trainer = await Trainer.open(device, config, file.tensors, { batch });
  mark('weights');
  const labels = labelsOf(batch, config.classes.length);
  const timed = timer(async ([x]) => {
    const { loss, outputs } = await trainer.stepTensor(x!.data, labels, rates);
    return Float32Array.of(loss, ...outputs[predictionOf(config)]!.data);
  });
  return { ...timed, dispose: async () => trainer.close() };
}

/** One step by dispatch, medians of `repeats` steps; `pass` says to which part of it each belongs. */
export async function trainingLayers(
  file: TensorFile,
  config: ModelConfig,
  x: Tensor,
  repeats: number,
): Promise<LayerResult[]> {
  const { device } = await theEngine();
  const batch = x.shape[0]!;
  const { step } = trainingPlans(config, { batch }, device.target);
  const [states, weights] = [new States(device), new Weights(device, file, 'bench')];
  const session = await open(device, step, weights, states);
  try {
    for (const each of step.states) {
      if (each.name === 'x') states.write('x', x.data);
      else states.write(each.name, fileToDevice(each, file.tensors));
    }
    const labels = labelsOf(batch, config.classes.length);
    const feeds = { labels, rates: Float32Array.of(RATE, RATE), momentum: Float32Array.of(0.1, 0.01) };
    const times = await profile(session, feeds, repeats);
    const { loss, outputs } = trainingGraph(config, xState(config, batch), stepInputs(batch).labels);
    const ops = new Map(reachable([loss, ...Object.values(outputs)]).map(({ name, op }) => [name, op.name]));
    return times.map(({ name, kernel, milliseconds }, i) => {
      const { flops, bytes } = step.dispatches[i]!;
      const op = ops.get(name) ?? ops.get(name.replace(/\/\d+$/, ''));
      const pass = op ? 'forward' : /\/(sgd|running)$/.test(name) ? 'update' : 'backward';
      return { name, kernel, milliseconds, flops, bytes, op, pass };
    });
  } finally {
    session.close();
    weights.destroy();
    states.destroy();
  }
}

export async function plannedTraining(
  config: ModelConfig,
  batch: number,
): Promise<{ flops: number; memory: Omit<MemoryResult, 'engines'> }> {
  const { device } = await theEngine();
  const { step } = trainingPlans(config, { batch }, device.target);
  return { flops: step.flops, memory: { ...plannedMemory(step), stateBytes: step.stateBytes } };
}

// ResNet50 with hashed weights on a device: what the model tests share.

import { Weights } from '../../src/gpu/constants.ts';
import type { Device } from '../../src/gpu/device.ts';
import { open, type Session } from '../../src/gpu/session.ts';
import { input, type Node, type Shape } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import type { Family } from '../../src/graph/target.ts';
import { expectedParameters } from '../../src/model/config.ts';
import { params } from '../../src/model/params.ts';
import { type BackboneConfig, resnet50, resnet50Classifier } from '../../src/model/resnet50.ts';
import { hashedWeights } from './hashedWeights.ts';

/** The 1000-class classifier for x of this shape. */
export function classifier(shape: Shape, config: BackboneConfig): Record<string, Node> {
  return { logits: resnet50Classifier(params('backbone'), input('x', shape), config, 1000).logits };
}

/** The backbone's taps for x of this shape. */
export function backbone(shape: Shape, config: BackboneConfig): Record<string, Node> {
  return { ...resnet50(params('backbone'), input('x', shape), config) };
}

let tensors: ReturnType<typeof hashedWeights> | undefined;

/** Hashed weights of the classifier for a device; they fit both stride variants but only one eps. */
export function resnetWeights(device: Device): Weights {
  tensors ??= hashedWeights(expectedParameters(classifier([1, 64, 64, 3], { variant: 'v1.5', eps: 1e-5 })));
  return new Weights(device, { tensors: new Map(Object.entries(tensors)), metadata: {} }, 'hashed weights');
}

/** A session for these outputs with the kernels of `family`. */
export function openFamily(
  device: Device,
  outputs: Readonly<Record<string, Node>>,
  weights: Weights,
  family: Family = 'software',
): Promise<Session> {
  return open(device, plan(outputs, { ...device.target, family }), weights);
}

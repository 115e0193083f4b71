// The table of gradient rules, by op.

import type { Op } from '../node.ts';
import { activationOp } from '../ops/activation.ts';
import { addOp } from '../ops/add.ts';
import { batchNormTrainingOp } from '../ops/batchNormTraining.ts';
import { channelAttentionOp, channelGroupAttentionOp } from '../ops/channelGroupAttention.ts';
import { attentionWeightsOp, receiveOp } from '../ops/collaborativeAttention.ts';
import { concatOp } from '../ops/concat.ts';
import { conv2dOp } from '../ops/conv2d.ts';
import { crossEntropyOp } from '../ops/crossEntropy.ts';
import { globalPoolOp } from '../ops/globalPool.ts';
import { linearOp } from '../ops/linear.ts';
import { maxPoolOp } from '../ops/maxPool.ts';
import { softmaxOp } from '../ops/softmax.ts';
import { topPoolOp } from '../ops/topPool.ts';
import { activationGradients } from './activation.ts';
import { addGradients } from './add.ts';
import { batchNormTrainingGradients } from './batchNormTraining.ts';
import { channelAttentionGradients, channelGroupAttentionGradients } from './channelGroupAttention.ts';
import { attentionWeightsGradients, collaborativeAttentionGradients } from './collaborativeAttention.ts';
import { concatGradients } from './concat.ts';
import { conv2dGradients } from './conv2d.ts';
import { crossEntropyGradients } from './crossEntropy.ts';
import { globalPoolGradients } from './globalPool.ts';
import type { Gradient } from './gradient.ts';
import { linearGradients } from './linear.ts';
import { maxPoolGradients } from './maxPool.ts';
import { softmaxGradients } from './softmax.ts';
import { topPoolGradients } from './topPool.ts';

/** Checks that a rule is one of its op, then forgets the attributes, so that rules can share a table. */
const rule = <A>(op: Op<A>, gradient: Gradient<A>): readonly [Op, Gradient] => [op as Op, gradient as Gradient];

let made: ReadonlyMap<Op, Gradient> | undefined;

/** Made when it is first asked for: a bundler keeps what is made on loading, and with it all that it names. */
export function rules(): ReadonlyMap<Op, Gradient> {
  made ??= new Map([
    rule(activationOp, activationGradients),
    rule(addOp, addGradients),
    rule(batchNormTrainingOp, batchNormTrainingGradients),
    rule(attentionWeightsOp, attentionWeightsGradients),
    rule(channelAttentionOp, channelAttentionGradients),
    rule(channelGroupAttentionOp, channelGroupAttentionGradients),
    rule(concatOp, concatGradients),
    rule(conv2dOp, conv2dGradients),
    rule(crossEntropyOp, crossEntropyGradients),
    rule(globalPoolOp, globalPoolGradients),
    rule(linearOp, linearGradients),
    rule(maxPoolOp, maxPoolGradients),
    rule(receiveOp, collaborativeAttentionGradients),
    rule(softmaxOp, softmaxGradients),
    rule(topPoolOp, topPoolGradients),
  ]);
  return made;
}

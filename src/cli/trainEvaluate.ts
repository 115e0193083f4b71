// How often weights in training are right: an ordinary model of them on the same device, photo by photo.

import type { Engine } from '../engine/engine.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { predictionOf } from '../model/config.ts';
import { weighsChannels } from '../model/finegrained.ts';
import type { LabelledImage } from '../node/datasets/dataset.ts';
import type { DecodePool } from '../node/decodePool.ts';
import { Loader } from '../node/loader.ts';
import { rowEntropy } from '../train/entropy.ts';
import { type Evaluation, largestOf } from '../train/loop.ts';
import type { Progress } from './progress.ts';
import { sizeCheck } from './trainData.ts';
import { percent } from './trainText.ts';

export interface EvaluationRequest {
  readonly engine: Engine;
  readonly pool: DecodePool;
  readonly images: readonly LabelledImage[];
  readonly banner: number;
  /** A weights file. */
  readonly weights: Uint8Array;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const CHANNELS = 'channelAttention';
/** Mean row entropy, as a share of the largest, under which a softmax has saturated. */
const SATURATED = 0.1;

/** Shares of the images that can be read; the others are named. */
export async function evaluateWeights(request: EvaluationRequest): Promise<Evaluation> {
  const { engine, pool, images, banner, progress, signal } = request;
  const model = await engine.load(request.weights, { where: 'weights in training' });
  const decides = predictionOf(model.config);
  const concat = model.config.model === 'plain' ? decides : 'logitsCat';
  const outputs = new Set([
    decides,
    concat,
    ...(model.config.model === 'plumage' && weighsChannels(model.config) ? [CHANNELS] : []),
  ]);
  const loader = new Loader(pool, images, { banner, check: sizeCheck(model.config, engine.device.target) });
  const right = { decides: 0, concat: 0, images: 0 };
  let entropy = 0;
  try {
    for (let i = 1; ; i++) {
      const loaded = await loader.next();
      if (signal.aborted) throw new PlumageError('aborted', 'train: stopped in an evaluation - go on with --resume');
      if (!loaded) break;
      const { image, photo, error } = loaded;
      if (photo) {
        const got = await model.outputs(photo, [...outputs]);
        right.images++;
        if (largestOf(got[decides]!.data) === image.label) right.decides++;
        if (largestOf(got[concat]!.data) === image.label) right.concat++;
        if (got[CHANNELS]) entropy += rowEntropy(got[CHANNELS]);
      } else progress.line(error.message);
      progress.count(i, images.length, `${percent(right.decides / Math.max(right.images, 1))} right`);
    }
  } finally {
    loader.close();
    await model.dispose();
  }
  if (right.images === 0) {
    throw mismatch('input', 'train', 'images to evaluate', `${images.length} that cannot be read`, 'at least one');
  }
  const share = (count: number) => count / right.images;
  const branches = model.config.model === 'plain' ? {} : { concat: share(right.concat) };
  const shares = { images: right.images, top1: share(right.decides), ...branches };
  if (!outputs.has(CHANNELS)) return shares;
  if (share(entropy) < SATURATED) {
    const advice = 'plumage init --set normalise=true makes a model where it cannot';
    progress.line(
      `warning: each channel of channel-group attention looks at few others: row entropy ${percent(share(entropy))} of the largest - ${advice}`,
    );
  }
  return { ...shares, entropy: share(entropy) };
}

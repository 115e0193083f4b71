// How often weights in training are right: an ordinary model of them on the same device, photo by photo.

import type { Engine } from '../engine/engine.ts';
import { PlumageError } from '../errors.ts';
import { predictionOf } from '../model/config.ts';
import type { LabelledImage } from '../node/datasets/dataset.ts';
import type { DecodePool } from '../node/decodePool.ts';
import { Loader } from '../node/loader.ts';
import { type Evaluation, largestOf } from '../train/loop.ts';
import type { Progress } from './progress.ts';
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

/** Shares of the images that can be read; the others are named. */
export async function evaluateWeights(request: EvaluationRequest): Promise<Evaluation> {
  const { engine, pool, images, banner, progress, signal } = request;
  const model = await engine.load(request.weights, { where: 'weights in training' });
  const decides = predictionOf(model.config);
  const concat = model.config.model === 'plain' ? decides : 'logitsCat';
  const loader = new Loader(pool, images, { banner });
  const right = { decides: 0, concat: 0, images: 0 };
  try {
    for (let i = 1; ; i++) {
      const loaded = await loader.next();
      if (signal.aborted) throw new PlumageError('aborted', 'train: stopped in an evaluation - go on with --resume');
      if (!loaded) break;
      const { image, photo, error } = loaded;
      if (photo) {
        const outputs = await model.outputs(photo, [...new Set([decides, concat])]);
        right.images++;
        if (largestOf(outputs[decides]!.data) === image.label) right.decides++;
        if (largestOf(outputs[concat]!.data) === image.label) right.concat++;
      } else progress.line(error.message);
      progress.count(i, images.length, `${percent(right.decides / Math.max(right.images, 1))} right`);
    }
  } finally {
    loader.close();
    await model.dispose();
  }
  const share = (count: number) => count / Math.max(right.images, 1);
  return { images: right.images, top1: share(right.decides), concat: share(right.concat) };
}

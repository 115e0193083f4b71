// One training step on the device, as the goldens of training have it.

import type { Device } from '../../src/gpu/device.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { testDevice } from './device.ts';
import { configOfCase, type StepCase, type StepValues, trainingBatch, trainingWeights } from './trainingGoldens.ts';

/** A trainer's step without weight decay, after which each velocity is the gradient; it reports no single branch's logits. */
export async function oneStep(given: StepCase, device?: Device): Promise<StepValues> {
  const { smoothing, blockMomentum } = given;
  const config = configOfCase(given);
  const { x, labels } = trainingBatch(given);
  const options = { batch: labels.length, smoothing, blockMomentum, weightDecay: 0 };
  const trainer = await Trainer.open(device ?? (await testDevice()), config, trainingWeights(config), options);
  try {
    const { loss, outputs } = await trainer.stepTensor(x, labels, { head: 0, backbone: 0 });
    const after = await trainer.snapshot();
    const chosen = (pattern: RegExp): Map<string, Tensor> => {
      const found = [...after].filter(([name]) => pattern.test(name));
      return new Map(found.map(([name, tensor]) => [name.replace(/^velocity\./, ''), tensor]));
    };
    return { loss, logits: outputs, statistics: chosen(/running_(mean|var)$/), gradients: chosen(/^velocity\./) };
  } finally {
    trainer.close();
  }
}

// ResNet-50 (He et al. 2015): bottlenecks 3, 4, 6, 3 under torchvision's names, in both published stride variants.

import { mismatch } from '../errors.ts';
import { type Node, nhwc } from '../graph/node.ts';
import { globalAveragePool } from '../graph/ops/globalPool.ts';
import { maxPool } from '../graph/ops/maxPool.ts';
import { convBnAct, linear } from './layers.ts';
import type { Params } from './params.ts';

export interface BackboneConfig {
  /** Where a stage's stride 2 sits: `v1.5` on the 3x3 conv (torchvision), `v1` on the first 1x1 conv (Keras). */
  readonly variant: 'v1.5' | 'v1';
  /** Batch norm's epsilon: 1e-5 in torchvision, 1e-3 in Keras. */
  readonly eps: number;
}

/** The last ReLU of the stages that the paper taps. */
export interface Taps {
  readonly layer2: Node; // (N, H/8, W/8, 512)
  readonly layer3: Node; // (N, H/16, W/16, 1024)
  readonly layer4: Node; // (N, H/32, W/32, 2048)
}

const stages = [
  { width: 64, blocks: 3 },
  { width: 128, blocks: 4 },
  { width: 256, blocks: 6 },
  { width: 512, blocks: 3 },
] as const;

/** The smallest image that five halvings leave a position of. */
export const SMALLEST_SIZE = 32;

/** x (N, H, W, 3), normalised -> the taps, which may be given in its place. Parameters as torchvision's without fc. */
export function resnet50(params: Params, x: Node | Taps, config: BackboneConfig): Taps {
  if ('layer4' in x) return x;
  const { h, w } = nhwc(x, 'backbone');
  if (h < SMALLEST_SIZE || w < SMALLEST_SIZE) {
    throw mismatch('input', 'backbone', 'size of x', [h, w], `at least ${SMALLEST_SIZE} x ${SMALLEST_SIZE}`);
  }
  const { eps } = config;
  const stem = { kernel: 7, channels: 64, stride: 2, padding: 3, activation: 'relu', eps } as const;
  let y = convBnAct(params, 'conv1', 'bn1', x, stem); // (N, H/2, W/2, 64)
  y = maxPool(params.path('maxpool'), y, { kernel: 3, stride: 2, padding: 1 }); // (N, H/4, W/4, 64)
  params.training?.boundary(y);
  const taps = stages.map(({ width, blocks }, stage) => {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const at = params.at(`layer${stage + 1}.${block}`);
      y = bottleneck(at, y, width, stride, config);
      at.training?.boundary(y);
    }
    return y;
  });
  return { layer2: taps[1]!, layer3: taps[2]!, layer4: taps[3]! };
}

/** x (N, H, W, C) -> (N, H/stride, W/stride, 4 width): 1x1, 3x3, 1x1, plus the shortcut, then ReLU. */
function bottleneck(params: Params, x: Node, width: number, stride: number, { variant, eps }: BackboneConfig): Node {
  const channels = 4 * width;
  const [stride1, stride2] = variant === 'v1' ? [stride, 1] : [1, stride];
  const relu = { activation: 'relu', eps } as const;
  const first = { kernel: 1, channels: width, stride: stride1, ...relu };
  const second = { kernel: 3, channels: width, stride: stride2, padding: 1, ...relu };
  let y = convBnAct(params, 'conv1', 'bn1', x, first);
  y = convBnAct(params, 'conv2', 'bn2', y, second);
  const reshaped = stride > 1 || x.shape[3] !== channels;
  const residual = reshaped
    ? convBnAct(params, 'downsample.0', 'downsample.1', x, { kernel: 1, channels, stride, eps })
    : x;
  return convBnAct(params, 'conv3', 'bn3', y, { kernel: 1, channels, residual, ...relu });
}

/**
 * The plain classifier: x (N, H, W, 3) -> `logits` (N, classes), by `fc` from `pooled` (N, 2048), the average of `layer4`
 * (N, H/32, W/32, 2048).
 */
export function resnet50Classifier(
  params: Params,
  x: Node | Taps,
  config: BackboneConfig,
  classes: number,
): Record<'logits' | 'pooled' | 'layer4', Node> {
  const { layer4 } = resnet50(params, x, config);
  const pooled = globalAveragePool(params.path('avgpool'), layer4);
  return { logits: linear(params, 'fc', pooled, classes), pooled, layer4 };
}

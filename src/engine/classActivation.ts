// Where a plain network saw a class.

import type { Tensor } from '../graph/tensor.ts';

/**
 * The class activation map (Zhou et al. 2016): a[h, w] = sum over c of weight[index, c] layer4[h, w, c], whose mean is the
 * class's logit without its bias. layer4 (1, H, W, C), weight (classes, C) -> (1, H, W).
 */
export function classActivation(layer4: Tensor, weight: Tensor, index: number): Tensor {
  const [, h, w, c] = layer4.shape as [number, number, number, number];
  const row = weight.data.subarray(index * c, (index + 1) * c);
  const at = (position: number) => {
    let sum = 0;
    for (let i = 0; i < c; i++) sum += row[i]! * layer4.data[position * c + i]!;
    return sum;
  };
  return { shape: [1, h, w], data: Float32Array.from({ length: h * w }, (_, position) => at(position)) };
}

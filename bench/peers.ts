// What is compared: each peer runs the same network with the same weights, in the best way that its users would.

import type { Tensor } from '../src/graph/tensor.ts';

export interface Peer {
  readonly name: string;
  /** Builds the network; times nothing. */
  prepare(): Promise<void>;
  /** One pass that ends when the logits are back in JavaScript. */
  run(x: Tensor): Promise<Float32Array>;
  dispose(): Promise<void>;
}

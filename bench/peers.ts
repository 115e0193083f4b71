// What is compared: each engine runs the same network with the same weights, in the best way that its users would.

import type { Tensor } from '../src/graph/tensor.ts';
import type { NetworkName } from './cases.ts';

/** What a page is told about a case. */
export interface Spec {
  readonly network: NetworkName;
  /** Of x: (N, H, W, 3). */
  readonly shape: readonly [number, number, number, number];
  /** The output's name. */
  readonly output: 'logits' | 'combined';
  /** Addresses of the safetensors file and of the exported model. */
  readonly weights: string;
  readonly onnx: string;
  /** Of suite `kernels`: which. */
  readonly kernel?: string;
  /** A run is one step of training. */
  readonly training?: boolean;
}

/** An engine with a network, open. */
export interface Peer {
  /** One pass that ends when the output is back in JavaScript; a network has one input, x. */
  run(inputs: readonly Tensor[]): Promise<Float32Array>;
  /** Time in JavaScript of the last run, where it can be told. */
  script?(): ScriptTimes;
  /** Stretches of the first run, where they can be told: the name of each and when it ended, by performance.now(). */
  stages?(): readonly (readonly [name: string, end: number])[];
  dispose(): Promise<void>;
}

/** Milliseconds in JavaScript: from the call until the input is handed over for upload, and from there until submit returned. */
export interface ScriptTimes {
  readonly upload: number;
  readonly encode: number;
}

/** Called where a stretch of opening ends: the parts of the cold start. */
export type Mark = (part: string) => void;

/** One engine. Its module in engines/ is loaded by `open`, so that a page that does not use it does not load it. */
export interface Engine {
  readonly name: string;
  /**
   * Brings the weights into memory in this engine's own form, before any clock starts; what it returns loads the code and
   * opens the network. Rejects where the engine cannot run the case.
   */
  prepare(spec: Spec): Promise<(mark: Mark) => Promise<Peer>>;
}

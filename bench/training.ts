// What a training step of the benchmark is, for all engines alike.

/** Of all weights, so that engines without parameter groups can take part. */
export const RATE = 0.002;

/** Class numbers of a batch. */
export const labelsOf = (batch: number, classes: number): Uint32Array =>
  Uint32Array.from({ length: batch }, (_, i) => (i * 7) % classes);

// Probabilities with names.

export interface Prediction {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
}

/** The `top` largest probabilities with their labels. */
export function likeliest(probabilities: Float32Array, classes: readonly string[], top: number): Prediction[] {
  return Array.from(probabilities, (probability, index) => ({
    label: classes[index] ?? `${index}`,
    index,
    probability,
  }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}

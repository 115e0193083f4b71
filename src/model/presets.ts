// The configurations that have a name: sizes of the network and of its input. Classes and backbone come with the weights.

export const presets = {
  paper: { model: 'plumage', size: 448, mid: 512, d: 1024, r: 256, groups: 32, hidden: 512 },
  lite: { model: 'plumage', size: 448, mid: 256, d: 512, r: 128, groups: 32, hidden: 512 },
  /** For tests. */
  tiny: { model: 'plumage', size: 64, mid: 32, d: 64, r: 16, groups: 32, hidden: 512 },
  /** The baseline: ResNet50, average pool, linear. */
  plain: { model: 'plain', size: 448 },
} as const;

export type Preset = keyof typeof presets;

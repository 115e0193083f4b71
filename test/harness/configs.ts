// Configurations of Plumage's network for tests: the presets on torchvision's backbone, with numbered classes.

import type { PlainConfig, PlumageConfig } from '../../src/model/config.ts';
import { presets } from '../../src/model/presets.ts';

export const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `class ${i}`);

const torchvision = { variant: 'v1.5', eps: 1e-5, preprocessing: 'torchvision' } as const;

/** A preset with the changes given. */
export function configOf(
  preset: 'paper' | 'lite' | 'tiny',
  classes: number,
  changes: Partial<PlumageConfig> = {},
): PlumageConfig {
  return { ...presets[preset], ...torchvision, classes: numbered(classes), ...changes };
}

/** The baseline, with the changes given. */
export function plainOf(classes: number, changes: Partial<PlainConfig> = {}): PlainConfig {
  return { ...presets.plain, ...torchvision, classes: numbered(classes), ...changes };
}

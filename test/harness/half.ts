// Tests of precision f16. lavapipe has shader-f16: `npm run test:lavapipe` checks the numbers. SwiftShader has none: there
// the same tests check that f16 is refused in one line.

import { freshDevice } from './device.ts';
import { rejected } from './refused.ts';

let known: Promise<boolean> | undefined;

export async function withHalf(checkNumbers: () => Promise<void>): Promise<void> {
  known ??= globalThis.plumageAdapter!().then((adapter) => adapter?.features.has('shader-f16') ?? false);
  if (await known) return checkNumbers();
  await rejected(
    freshDevice({ precision: 'f16' }),
    'adapter',
    /: precision, got f16, expected f32, for the adapter has no shader-f16 - use f32, or another adapter$/,
  );
}

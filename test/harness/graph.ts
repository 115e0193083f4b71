// Runs a small graph through plan and session: what op and model tests share.

import { Weights } from '../../src/gpu/constants.ts';
import { type Feed, open } from '../../src/gpu/session.ts';
import type { Node } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import type { Family } from '../../src/graph/target.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { testDevice } from './device.ts';

/** Both kernel families are tested on every adapter. */
export const families: readonly Family[] = ['software', 'discrete'];

/** The outputs by name; `parameters` holds tensors by parameter name in the file's layout. */
export async function evaluate(
  outputs: Readonly<Record<string, Node>>,
  feeds: Readonly<Record<string, Feed>>,
  parameters: Readonly<Record<string, Tensor>> = {},
  family: Family = 'software',
): Promise<Record<string, Tensor>> {
  const device = await testDevice();
  const file = { tensors: new Map(Object.entries(parameters)), metadata: {} };
  const weights = new Weights(device, file, 'test');
  const session = await open(device, plan(outputs, { ...device.target, family }), weights);
  try {
    return await session.run(feeds);
  } finally {
    session.close();
    weights.destroy();
  }
}

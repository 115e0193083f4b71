// Runs a plan on the CPU in f64, every kernel by its plain-loop reference: what a graph should give, without a GPU. Not for
// the attention kernels, which add to what is there.

import type { Node } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { activationReference } from '../../src/kernels/activation.ts';
import { addReference } from '../../src/kernels/add.ts';
import { batchNormReference } from '../../src/kernels/batchNorm.ts';
import { concatReference } from '../../src/kernels/concat.ts';
import { conv2dReference } from '../../src/kernels/conv2d.ts';
import { filtersLastReference } from '../../src/kernels/filtersLast.ts';
import { globalPoolReference } from '../../src/kernels/globalPool.ts';
import type { Reference } from '../../src/kernels/kernel.ts';
import { linearReference } from '../../src/kernels/linear.ts';
import { maxPoolReference } from '../../src/kernels/maxPool.ts';
import { softmaxReference } from '../../src/kernels/softmax.ts';
import { unfoldRowsReference } from '../../src/kernels/unfoldRows.ts';

/** By the kernel's name, each for the knobs of its own kernel. */
const references: Readonly<Record<string, unknown>> = {
  activation: activationReference,
  add: addReference,
  batchNorm: batchNormReference,
  concat: concatReference,
  conv2d: conv2dReference,
  conv2dScalar: conv2dReference,
  filtersLast: filtersLastReference,
  globalPool: globalPoolReference,
  linear: linearReference,
  maxPool: maxPoolReference,
  unfoldRows: unfoldRowsReference,
  softmax: softmaxReference,
};

/** The outputs by name; `parameters` holds tensors by parameter name in the file's layout. */
export function evaluateReference(
  outputs: Readonly<Record<string, Node>>,
  feeds: Readonly<Record<string, Float32Array>>,
  parameters: Readonly<Record<string, Tensor>> = {},
): Record<string, Float64Array> {
  const made = plan(outputs, defaultTarget());
  const buffers = made.buffers.map(({ bytes }) => new Float64Array(bytes / 4));
  for (const { buffer, parameters: sources, compute } of made.constants) {
    const data = sources.map(({ name }) => parameters[name]!.data);
    buffers[buffer]!.set(compute ? compute(...data) : data[0]!);
  }
  for (const { name, buffer } of made.inputs) buffers[buffer]!.set(feeds[name]!);
  for (const { kernel, knobs, params, buffers: bound } of [...made.setup, ...made.dispatches]) {
    const reference = references[kernel.name] as Reference | undefined;
    if (!reference) throw new Error(`test/harness/reference.ts has no row for ${kernel.name}`);
    const elements = kernel.elements(knobs);
    const storage = kernel.shader.bindings.filter(({ access }) => access !== 'uniform');
    const views = storage.map(
      ({ name }, i) => [name, buffers[bound[i]!]!.subarray(0, elements[name])] as [string, Float64Array],
    );
    const results = reference(Object.fromEntries(views), { ...knobs, ...params });
    for (const [name, values] of Object.entries(results)) {
      const into = views.find(([binding]) => binding === name)![1];
      // NaN stands where the kernel leaves what was there.
      for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) into[i] = values[i]!;
    }
  }
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  return Object.fromEntries(
    made.outputs.map(({ name, buffer, shape }) => [name, buffers[buffer]!.slice(0, size(shape))]),
  );
}

// checkGradients: the gradients of a small graph on the device against central differences of a forward pass in f64.

import * as assert from 'uvu/assert';
import { backpropagate } from '../../src/graph/gradients/backward.ts';
import { elementCount, input, type Node, type Shape } from '../../src/graph/node.ts';
import type { Family } from '../../src/graph/target.ts';
import { families as both, evaluate } from './graph.ts';
import { randomValues } from './random.ts';
import { GRADIENT_ATOL, GRADIENT_RTOL } from './tolerance.ts';

export interface GradientCase {
  /** Inputs by name: their shape, and values other than seeded ones in [-1, 1). */
  readonly inputs: Readonly<Record<string, { readonly shape: Shape; readonly data?: Float32Array }>>;
  /** The node under test of the input nodes. */
  build(nodes: Readonly<Record<string, Node>>): Node;
  /** The same in f64: inputs by name -> the node's values, row-major. */
  forward(values: Readonly<Record<string, Float64Array>>): ArrayLike<number>;
  /** Inputs whose gradients are checked; by default all. */
  readonly wrt?: readonly string[];
  /** Entries of each gradient that are checked, spread evenly; by default 40. */
  readonly entries?: number;
  readonly seed?: number;
  /** By default both: for kernels that software adapters are slow to compile, where they add no other code. */
  readonly families?: readonly Family[];
}

/** On both kernel families: |got - want| <= atol + rtol |want| for d<dy, y>/dx, dy seeded. */
export async function checkGradients(given: GradientCase): Promise<void> {
  const { inputs, build, forward, wrt = Object.keys(inputs), entries = 40, seed = 1, families = both } = given;
  const named = Object.entries(inputs);
  const values = Object.fromEntries(
    named.map(([name, { shape, data }], i) => [name, data ?? randomValues(elementCount(shape), seed + i)]),
  );
  const nodes = Object.fromEntries(named.map(([name, { shape }]) => [name, input(name, shape)]));
  const y = build(nodes);
  const dy = randomValues(elementCount(y.shape), seed + 100);
  const gradients = backpropagate(
    y,
    input('dy', y.shape),
    wrt.map((name) => nodes[name]!),
  );
  const outputs = Object.fromEntries(wrt.map((name) => [name, gradients.get(nodes[name]!)!]));
  const wide = Object.fromEntries(Object.entries(values).map(([name, data]) => [name, Float64Array.from(data)]));
  const product = () => {
    const got = forward(wide);
    assert.is(got.length, dy.length, 'length of the forward pass');
    return dy.reduce((sum, d, i) => sum + d * got[i]!, 0);
  };
  const used = new Set(Object.values(outputs).flatMap((node) => feedsOf(node)));
  const feeds = Object.fromEntries(Object.entries({ ...values, dy }).filter(([name]) => used.has(name)));
  const wanted = wrt.flatMap((name) => {
    const data = wide[name]!;
    const step = Math.max(1, Math.floor(data.length / entries));
    return Array.from({ length: Math.ceil(data.length / step) }, (_, n) => {
      const [i, at] = [n * step, data[n * step]!];
      const h = 1e-5 * Math.max(1, Math.abs(at));
      data[i] = at + h;
      const above = product();
      data[i] = at - h;
      const want = (above - product()) / (2 * h);
      data[i] = at;
      return { name, i, want };
    });
  });
  for (const family of families) {
    const got = await evaluate(outputs, feeds, {}, family);
    for (const { name, i, want } of wanted) {
      const value = got[name]!.data[i]!;
      const close = Math.abs(value - want) <= GRADIENT_ATOL + GRADIENT_RTOL * Math.abs(want);
      if (!close) assert.unreachable(`${y.name}, ${family}: d${name}[${i}], got ${value}, expected ${want}`);
    }
  }
}

/** Names of the inputs that a node depends on. */
function feedsOf(node: Node, seen = new Set<Node>()): string[] {
  if (seen.has(node)) return [];
  seen.add(node);
  return node.op.name === 'input' ? [node.name] : node.inputs.flatMap((each) => feedsOf(each, seen));
}

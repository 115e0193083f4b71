// Plans without a GPU: that their buffers hold the right values at the right time, what ResNet50 costs, and what is refused.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Call, elementCount, input, type Node, parameter, reachable } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { concat } from '../../src/graph/ops/concat.ts';
import { conv2d } from '../../src/graph/ops/conv2d.ts';
import { type Plan, plan } from '../../src/graph/plan.ts';
import { printPlan } from '../../src/graph/print.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import type { Kernel } from '../../src/kernels/kernel.ts';
import { expectedParameters } from '../../src/model/config.ts';
import { families } from '../harness/graph.ts';
import { backbone, classifier } from '../harness/hashedResnet.ts';
import { refused } from '../harness/refused.ts';

const photo = [1, 224, 224, 3];
const torchvision = { variant: 'v1.5', eps: 1e-5 } as const;
const keras = { variant: 'v1', eps: 1e-3 } as const;

const storage = (kernel: Kernel) => kernel.shader.bindings.filter(({ access }) => access !== 'uniform');

/** Each different text stands for itself as `#<number>`: texts would double at every shortcut. */
const known = new Map<string, string>();
function short(text: string): string {
  const id = known.get(text) ?? `#${known.size}`;
  known.set(text, id);
  return id;
}

/** What a kernel call leaves in an output, as text: concat writes a part and keeps the rest. */
const written = (kernel: Kernel, knobs: Call['knobs'], reads: readonly string[], before: string) =>
  short(
    `${kernel.name}${JSON.stringify(knobs)}(${reads})${kernel.name === 'concat' && knobs.OFFSET ? ` over ${before}` : ''}`,
  );

/** Text of every node, computed with a place of its own for each value. */
function expressions(outputs: Readonly<Record<string, Node>>, target: Plan['target']): Map<unknown, string> {
  const held = new Map<unknown, string>();
  for (const node of reachable(Object.values(outputs))) {
    if (!node.op.lower) held.set(node, node.name);
    const form = node.op.forms?.(node, target).names[0];
    for (const { kernel, knobs, buffers } of node.op.lower?.(node, target, form) ?? []) {
      const read = storage(kernel).flatMap(({ name, access }) => {
        return access === 'read' ? [buffers[name] ? held.get(buffers[name])! : 'nothing'] : [];
      });
      for (const { name, access } of storage(kernel)) {
        if (access === 'write') held.set(buffers[name], written(kernel, knobs, read, held.get(buffers[name]) ?? ''));
      }
    }
  }
  return held;
}

/** Runs the plan on texts instead of numbers; what its buffers hold at the end must be what the graph says. */
function checkBuffers(outputs: Readonly<Record<string, Node>>, target = defaultTarget()): Plan {
  const made = plan(outputs, target);
  const held: string[] = [];
  for (const { buffer, name } of [...made.inputs, ...made.constants]) held[buffer] = name;
  for (const { name, kernel, knobs, buffers } of [...made.setup, ...made.dispatches]) {
    const bindings = storage(kernel);
    const indices = (which: string) => buffers.filter((_, i) => bindings[i]!.access === which);
    const writes = indices('write');
    assert.is(new Set(writes).size, writes.length, `${name}: two outputs in one buffer`);
    assert.not(
      writes.some((index) => indices('read').includes(index)),
      `${name}: reads what it writes`,
    );
    const elements = kernel.elements(knobs);
    bindings.forEach((binding, i) => {
      assert.ok(
        made.buffers[buffers[i]!]!.bytes >= 4 * elements[binding.name]!,
        `${name}: ${binding.name} is too small`,
      );
    });
    const read = buffers.flatMap((index, i) => {
      if (bindings[i]!.access !== 'read') return [];
      return elements[bindings[i]!.name] === 0 ? ['nothing'] : [held[index]!];
    });
    for (const index of writes) held[index] = written(kernel, knobs, read, held[index] ?? '');
  }
  const expected = expressions(outputs, target);
  for (const { name, buffer } of made.outputs) {
    assert.ok(held[buffer] === expected.get(outputs[name]!), `output ${name} was overwritten or never computed`);
  }
  assert.ok(made.lowerBoundBytes <= made.activationBytes);
  return made;
}

test('random graphs: no buffer is overwritten while its value is needed', () => {
  const step = fc.record({ op: fc.constantFrom('conv', 'residual', 'add', 'concat'), a: fc.nat(100), b: fc.nat(100) });
  const graphs = fc.tuple(fc.array(step, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(100), { maxLength: 2 }));
  const property = fc.property(graphs, ([steps, kept]) => {
    const nodes: Node[] = [input('x', [1, 4, 4, 4]), input('x2', [1, 4, 4, 8])];
    const pick = (index: number) => nodes[index % nodes.length]!;
    const convolve = (name: string, x: Node, k: number, residual?: Node) => {
      const c = x.shape[3]!;
      const w = parameter(`${name}.w`, [1, 1, c, k]);
      return conv2d(name, x, w, parameter(`${name}.scale`, [k]), parameter(`${name}.shift`, [k]), { residual });
    };
    steps.forEach(({ op, a, b }, i) => {
      const [x, other] = [pick(a), pick(b)];
      const name = `${op}${i}`;
      const k = x.shape[3]!;
      if (op === 'conv') nodes.push(convolve(name, x, 4 * (1 + (b % 4))));
      else if (op === 'residual') nodes.push(convolve(name, other, k, x));
      else if (op === 'concat' && k + other.shape[3]! <= 64) nodes.push(concat(name, [x, other]));
      else if (x.shape.join() === other.shape.join()) nodes.push(add(name, x, other));
      else nodes.push(add(name, x, x));
    });
    const last = nodes[nodes.length - 1]!;
    checkBuffers({ last, ...Object.fromEntries(kept.map((index, i) => [`kept ${i}`, pick(index)])) });
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

for (const family of families) {
  for (const config of [torchvision, keras]) {
    test(`ResNet50 ${config.variant}, ${family}: buffers, memory and dispatches`, () => {
      const made = checkBuffers(classifier(photo, config), defaultTarget(family));
      assert.ok(made.activationBytes <= 1.25 * made.lowerBoundBytes, printPlan(made).split('\n').at(-1));
      const computed = new Set(made.dispatches.map(({ name }) => name.split('/')[0]));
      assert.is(computed.size, 53 + 2 + 1); // convolutions, pools, fc: everything else is fused
      checkBuffers(backbone(photo, config), defaultTarget(family));
    });
  }
}

test('parameters: 25 557 032 with fc, batch norm running statistics not counted', () => {
  const shapes = [...expectedParameters(classifier(photo, torchvision))].filter(([name]) => !name.includes('running'));
  const count = (all: typeof shapes) => all.reduce((sum, [, shape]) => sum + elementCount(shape), 0);
  assert.is(count(shapes), 25_557_032);
  assert.is(count(shapes.filter(([name]) => !name.startsWith('backbone.fc.'))), 23_508_032);
});

test('multiplications of convolutions and fc: 4.089 G for v1.5, 3.858 G for v1', () => {
  const giga = (shape: number[], config: typeof torchvision | typeof keras) => {
    const { dispatches } = plan(classifier(shape, config), {
      ...defaultTarget(),
      maxStorageBufferBindingSize: 2 ** 31,
    });
    const products = dispatches.filter(({ kernel }) => /^(conv|linear|matmul|winogradProduct)/.test(kernel.name));
    return (products.reduce((sum, { flops }) => sum + flops / 2, 0) / 1e9).toFixed(3);
  };
  assert.is(giga(photo, torchvision), '4.089');
  assert.is(giga(photo, keras), '3.858');
  assert.is(giga([1, 448, 448, 3], torchvision), '16.351');
});

test('printPlan: one line a dispatch, then the totals', () => {
  const made = plan(classifier(photo, torchvision), defaultTarget());
  const lines = printPlan(made).split('\n');
  made.dispatches.forEach(({ name, kernel }, i) => {
    assert.match(lines[i + 1]!, new RegExp(`^${name.replaceAll('.', '\\.')} +${kernel.name} `));
  });
  assert.match(lines[0]!, /^node +kernel +form +knobs +grid +buffers +MFLOP +MB$/);
  assert.match(lines.slice(made.dispatches.length + 1).join('\n'), /activations .* lower bound .* ratio 1\.\d+/);
});

test('refused: a value past the binding limit, in one line with its name', () => {
  refused(
    () => plan(classifier([16, 448, 448, 3], torchvision), defaultTarget()),
    'limit',
    /^backbone\.\S+: size of one/,
  );
  const x = input('x', [1, 6000, 6000, 3]);
  refused(() => plan({ x: add('sum', x, x) }, defaultTarget()), 'limit', /got 412\.0 MiB, expected at most 128\.0 MiB/);
});

test('refused: no output, two inputs of one name', () => {
  refused(() => plan({}, defaultTarget()), 'input', /no output/);
  const twice = add('sum', input('x', [1, 4]), input('x', [1, 4]));
  refused(() => plan({ twice }, defaultTarget()), 'input', /two different values are named x/);
});

test.run();

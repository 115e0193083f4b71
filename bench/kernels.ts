// Suite `kernels`: single nodes cut out of our networks, each once with the number of its like. Pure; no GPU.

import { modelGraph } from '../src/engine/checkModel.ts';
import { input, inputOp, type Node, reachable } from '../src/graph/node.ts';
import type { Conv2dAttributes } from '../src/graph/ops/conv2d.ts';
import type { TensorFile } from '../src/graph/tensor.ts';
import { expectedParameters, type ModelConfig } from '../src/model/config.ts';
import { initialValues } from '../src/model/initialise.ts';
import { presets } from '../src/model/presets.ts';

export interface KernelCase {
  readonly name: string;
  /** How often the networks have it. */
  readonly count: number;
  /** The node with inputs in place of what computed its inputs. */
  readonly node: Node;
  readonly inputs: readonly Node[];
}

const SIZE = 224;
const source = { variant: 'v1.5', eps: 1e-5, preprocessing: 'torchvision', size: SIZE } as const;
const classes = (n: number) => Array.from({ length: n }, (_, i) => `${i}`);

/** From which network which ops are taken. */
const taken: readonly { config: ModelConfig; ops: readonly string[] }[] = [
  {
    config: { model: 'plain', ...source, classes: classes(1000) },
    ops: ['conv2d', 'maxPool', 'globalPool', 'linear'],
  },
  ...[presets.paper, presets.lite].map((preset) => ({
    config: { ...preset, ...source, classes: classes(200) },
    ops: ['collaborativeAttention', 'channelAttention', 'channelGroupAttention', 'globalPool'],
  })),
];

/** All cases by name. */
export function kernelCases(): Map<string, KernelCase> {
  const cases = new Map<string, KernelCase>();
  for (const { config, ops } of taken) {
    for (const node of reachable(Object.values(modelGraph(config, [1, SIZE, SIZE, 3])))) {
      if (!ops.includes(node.op.name)) continue;
      const name = nameOf(node);
      const known = cases.get(name);
      cases.set(name, known ? { ...known, count: known.count + 1 } : { name, count: 1, ...isolate(node) });
    }
  }
  return cases;
}

/** Their names with their counts. */
export const kernelNames = (): Map<string, number> =>
  new Map([...kernelCases().values()].map(({ name, count }) => [name, count]));

function nameOf(node: Node): string {
  const { op, inputs, shape } = node;
  const size = ([, h, w]: readonly number[]) => `${h}x${w}`;
  if (op.name !== 'conv2d')
    return `${op.name}/${inputs[0]!.shape.slice(1).join('x')}${op.name === 'linear' ? `-${shape[1]}` : ''}`;
  const [kh, kw, c, k] = inputs[1]!.shape;
  const { STRIDE_H } = (node.attributes as Conv2dAttributes).knobs;
  return `conv2d/${kh}x${kw}${STRIDE_H === 2 ? 's2' : ''}/${size(inputs[0]!.shape)}/${c}-${k}`;
}

/** The node alone: inputs `x0`, `x1`, ... where it had other nodes' results; parameters stay. */
function isolate(node: Node): { node: Node; inputs: Node[] } {
  const fresh = new Map<Node, Node>();
  const inputs = node.inputs.map((each) => {
    if (!reachable([each]).some(({ op }) => op === inputOp)) return each; // a parameter, or made of parameters
    const known = fresh.get(each) ?? input(`x${fresh.size}`, each.shape);
    fresh.set(each, known);
    return known;
  });
  return { node: { ...node, inputs }, inputs: [...fresh.values()] };
}

/** Seeded weights for a node alone, under the names that it asks for; attentions switched on. */
export function kernelWeights({ node }: KernelCase): TensorFile {
  const tensors = initialValues(expectedParameters({ y: node }), 1);
  for (const [name, { data }] of tensors) if (/\.(gamma|beta)$/.test(name)) data.fill(0.5);
  return { tensors, metadata: {} };
}

// jax-js on WebGPU: the network under jit, NCHW as its convolutions want it, batch norms folded.

import { defaultDevice, init, jit, numpy as np } from '@jax-js/jax';
import { permute } from '../../src/formats/permute.ts';
import type { Folded } from '../fold.ts';
import type { Mark, Peer } from '../peers.ts';
import { network, type Params } from './jaxNetwork.ts';

export async function open(folded: Folded, mark: Mark): Promise<Peer> {
  await init('webgpu');
  defaultDevice('webgpu');
  mark('device');
  const params = parameters(folded);
  const forward = jit((p: Params, x: np.Array) => network(p, x, folded.config, folded));
  mark('weights');
  return {
    async run([x]) {
      const image = np.transpose(np.array(x!.data, { shape: [...x!.shape] }), [0, 3, 1, 2]);
      const logits = forward(
        mapArrays(params, (array) => array.ref),
        image,
      );
      return (await logits.data()) as Float32Array;
    },
    async dispose() {
      for (const array of Object.values(params).flatMap((group) => Object.values(group))) array.dispose();
      forward.dispose();
    },
  };
}

function parameters({ config, convs, linears }: Folded): Params {
  const entries = [...convs];
  const used = [...linears].filter(([name]) => config.model === 'plain' || name !== 'backbone.fc');
  return {
    filters: Object.fromEntries(
      entries.map(([name, { shape, filter }]) => {
        const [kh, kw, c, k] = shape;
        return [name, np.array(permute(filter, shape, [3, 2, 0, 1]), { shape: [k, c, kh, kw] })];
      }),
    ),
    biases: Object.fromEntries(
      entries.map(([name, { bias }]) => [name, np.array(bias, { shape: [bias.length, 1, 1] })]),
    ),
    weights: Object.fromEntries(used.map(([name, { weight, shape }]) => [name, np.array(weight, { shape })])),
    shifts: Object.fromEntries(used.map(([name, { bias }]) => [name, np.array(bias)])),
  };
}

function mapArrays(params: Params, map: (array: np.Array) => np.Array): Params {
  const each = (group: Record<string, np.Array>) =>
    Object.fromEntries(Object.entries(group).map(([name, array]) => [name, map(array)]));
  const { filters, biases, weights, shifts } = params;
  return { filters: each(filters), biases: each(biases), weights: each(weights), shifts: each(shifts) };
}

// The layer of cross-layer collaborative attention (CLCA): every branch takes from the positions of every other, and
// says where it is looked at itself.

import type { Node } from '../graph/node.ts';
import { attentionMap } from '../graph/ops/attentionMap.ts';
import { attentionWeights, collaborativeAttention, crossAttention } from '../graph/ops/collaborativeAttention.ts';
import { concat } from '../graph/ops/concat.ts';
import { bareConv, convBnAct } from './layers.ts';
import type { Params } from './params.ts';

export interface CollaborativeOptions {
  /** Channels in which two branches are compared. */
  readonly r: number;
  /** -1 turns the attention to what is unlike. */
  readonly sign: 1 | -1;
  /** `identity` compares the maps as they are, without u and v. */
  readonly affinity: 'bilinear' | 'identity';
  /** `add`: x + gamma y. `concat`: a 1x1 conv over x and what it gets. */
  readonly fuse: 'add' | 'concat';
  /** Of the batch norm behind that conv. */
  readonly eps: number;
}

/**
 * maps: X_i (N, H_i, W_i, d) -> `maps`: Z_i of the same shapes, `attention`: the weight of each position of branch i in the
 * eyes of the others (N, H_i, W_i). Parameters: `<params>.{12,13,23}.{u,v}.weight`, `<params>.gamma`, and for `concat`
 * `<params>.fuse.{1,2,3}.{conv,bn}` in place of gamma.
 */
export function collaborate(params: Params, maps: readonly Node[], options: CollaborativeOptions) {
  const { sign, fuse, eps } = options;
  const others = maps.map((_, i) => maps.map((_, j) => j).filter((j) => j !== i));
  const projected = maps.map((x, i) => maps.map((_, j) => (i === j ? x : project(params, x, i, j, options))));
  const pair = (receiver: number, sender: number) => ({
    query: projected[receiver]![sender]!,
    key: projected[sender]![receiver]!,
  });

  // The weight of each position of j in the eyes of i.
  const weights = (i: number, j: number) => {
    const { query, key } = pair(i, j);
    return attentionWeights(params.path(`weights${i + 1}${j + 1}`), query, key, { sign });
  };

  const fused = maps.map((x, i) => {
    const streamed = () => others[i]!.map((j) => ({ x: maps[j]!, ...pair(i, j) }));
    const weighed = () => others[i]!.map((j) => ({ x: maps[j]!, weights: weights(i, j) }));
    const senders = params.training ? weighed() : streamed();
    if (fuse === 'add') {
      const gamma = params.get('gamma', [maps.length]);
      return collaborativeAttention(params.path(`${i + 1}`), { x, senders, gamma, index: i, sign });
    }
    const at = params.at(`fuse.${i + 1}`);
    const received = senders.map((sender, s) =>
      crossAttention(at.path(`from${others[i]![s]! + 1}`), x, sender, { sign }),
    );
    const joined = concat(at.path('concat'), [x, ...received]);
    return convBnAct(at, 'conv', 'bn', joined, { kernel: 1, channels: x.shape[3]!, activation: 'relu', eps });
  });

  const attention = maps.map((x, i) => {
    const looks = others[i]!.map((j) => weights(j, i));
    return attentionMap(params.path(`attention${i + 1}`), x, looks as [Node, Node]);
  });
  return { maps: fused, attention };
}

/** What of branch i is compared with branch j: in the pair (a, b), a < b, a has u and b has v. */
function project(params: Params, x: Node, i: number, j: number, { affinity, r }: CollaborativeOptions): Node {
  if (affinity === 'identity') return x;
  const pair = params.at(`${Math.min(i, j) + 1}${Math.max(i, j) + 1}`);
  return bareConv(pair, i < j ? 'u' : 'v', x, { kernel: 1, channels: r });
}

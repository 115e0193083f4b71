// The paper's network: the last three stages of ResNet-50 as branches, attention between the channels of the last stage
// and between the positions of the branches, and four heads whose sum decides.

import type { Node } from '../graph/node.ts';
import { add } from '../graph/ops/add.ts';
import { concat } from '../graph/ops/concat.ts';
import { globalMaxPool } from '../graph/ops/globalPool.ts';
import { globalTop5Pool } from '../graph/ops/topPool.ts';
import { attendChannels } from './channelGroupAttention.ts';
import { collaborate } from './collaborativeAttention.ts';
import { hasAttentionMaps } from './hasAttentionMaps.ts';
import { head } from './heads.ts';
import { convBnAct } from './layers.ts';
import type { Params } from './params.ts';
import { type BackboneConfig, resnet50, type Taps } from './resnet50.ts';

export interface FinegrainedConfig extends BackboneConfig {
  /** Channels of the branches: between their two convs, and behind them. */
  readonly mid: number;
  readonly d: number;
  /** Channels in which two branches are compared. */
  readonly r: number;
  /** Groups of the last stage's channels. */
  readonly groups: number;
  /** Hidden units of the heads. */
  readonly hidden: number;
  readonly classes: readonly string[];
  // Options; the first is the default, and tau is 0.1.
  readonly attention?: 'both' | 'clca' | 'cga' | 'none';
  readonly clcaSign?: 1 | -1;
  readonly affinity?: 'bilinear' | 'identity';
  readonly fuse?: 'add' | 'concat';
  readonly cgaSign?: 1 | -1;
  readonly cgaScale?: 'sqrtN' | 'n';
  /** Unit rows and `tau` in place of cgaScale. */
  readonly normalise?: boolean;
  readonly tau?: number;
  readonly pool?: 'max' | 'top5';
}

/** Of the batch norms behind the backbone. */
const EPS = 1e-5;

/** Outputs for people; a plan that does not ask for them does not compute them. */
export const maps: readonly string[] = ['attention1', 'attention2', 'attention3', 'channelAttention'];

/**
 * x (N, H, W, 3), normalised -> `logits1`..`logits3`, `logitsCat` and their sum `combined` (N, classes), `pooled1`..
 * `pooled3` (N, d), side by side in `pooledCat`; where the attentions are on, `attention1`..`attention3` (N, H_i, W_i), each summing to 1, and
 * `channelAttention` (N, groups, c, c).
 */
export function finegrained(params: Params, x: Node | Taps, config: FinegrainedConfig): Record<string, Node> {
  return branches(params, resnet50(params.at('backbone'), x, config), config);
}

/** All that stands behind the backbone: taps -> the outputs of `finegrained`. */
export function branches(params: Params, taps: Taps, config: FinegrainedConfig): Record<string, Node> {
  const { pool = 'max' } = config;
  const { groups, cgaScale: scale, cgaSign, normalise, tau } = config;
  const cga = { groups, scale, sign: cgaSign, normalise, tau };
  const channels = weighsChannels(config) ? attendChannels(params.at('cga'), taps.layer4, cga) : undefined;
  const features = [taps.layer2, taps.layer3, channels?.y ?? taps.layer4];
  const blocks = features.map((f, i) => block(params.at(`blocks.${i + 1}`), f, config)); // X_i (N, H_i, W_i, d)
  for (const node of [...features, ...blocks]) params.training?.boundary(node);

  const { r, clcaSign = 1, affinity = 'bilinear', fuse = 'add' } = config;
  const clca = { r, sign: clcaSign, affinity, fuse, eps: EPS };
  const positions = hasAttentionMaps(config) ? collaborate(params.at('clca'), blocks, clca) : undefined;
  const fused = positions?.maps ?? blocks; // Z_i (N, H_i, W_i, d)
  for (const node of fused) params.training?.boundary(node);

  const poolOf = pool === 'max' ? globalMaxPool : globalTop5Pool;
  const pooled = fused.map((z, i) => poolOf(`pooled${i + 1}`, z)); // (N, d)
  const all = concat('pooledCat', pooled); // (N, 3 d)
  const classify = (name: string, f: Node) => head(params.at(`heads.${name}`), f, config.hidden, config.classes.length);
  const logits = [...pooled.map((f, i) => classify(`${i + 1}`, f)), classify('cat', all)];
  const combined = logits.reduce((sum, each, i) => add(i < 3 ? `combined.${i}` : 'combined', sum, each));

  const named = (name: string, nodes: readonly Node[]) => nodes.map((node, i) => [`${name}${i + 1}`, node] as const);
  return {
    ...Object.fromEntries(named('logits', logits.slice(0, 3))),
    logitsCat: logits[3]!,
    combined,
    ...Object.fromEntries(named('pooled', pooled)),
    pooledCat: all,
    ...Object.fromEntries(named('attention', positions?.attention ?? [])),
    ...(channels && { channelAttention: channels.attention }),
  };
}

/** Whether the network weighs channels, which its output `channelAttention` shows. */
export const weighsChannels = ({ attention = 'both' }: Pick<FinegrainedConfig, 'attention'>): boolean =>
  attention === 'both' || attention === 'cga';

/** F_i (N, H, W, C) -> (N, H, W, d): 1x1 and 3x3, each with batch norm and ReLU. */
function block(params: Params, x: Node, { mid, d }: FinegrainedConfig): Node {
  const relu = { activation: 'relu', eps: EPS } as const;
  const y = convBnAct(params, 'conv1', 'bn1', x, { kernel: 1, channels: mid, ...relu });
  return convBnAct(params, 'conv2', 'bn2', y, { kernel: 3, channels: d, padding: 1, ...relu });
}

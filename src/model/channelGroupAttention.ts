// The layer of channel-group attention (CGA): attention between the channels of a group.

import type { Node } from '../graph/node.ts';
import {
  type ChannelAttentionOptions,
  channelAttention,
  channelGroupAttention,
} from '../graph/ops/channelGroupAttention.ts';
import type { Params } from './params.ts';

/** x (N, H, W, C) -> y of the same shape and its attention S (N, groups, c, c). Parameter: `<params>.beta`. */
export function attendChannels(
  params: Params,
  x: Node,
  options: ChannelAttentionOptions,
): { y: Node; attention: Node } {
  const attention = channelAttention(params.path('attention'), x, options);
  return { y: channelGroupAttention(params.path('out'), x, params.get('beta', [1]), attention), attention };
}

// Apart from the network, for a page that asks it has no other use for that.

import type { FinegrainedConfig } from './finegrained.ts';

/** Whether the network weighs positions, which its maps `attention1`..`attention3` show. */
export const hasAttentionMaps = ({ attention = 'both' }: Pick<FinegrainedConfig, 'attention'>): boolean =>
  attention === 'both' || attention === 'clca';

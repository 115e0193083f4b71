// What to do where a model does not fit into the device's memory.

import { PlumageError } from '../errors.ts';
import type { Plan } from '../graph/plan.ts';
import { type ModelConfig, SMALLEST_SIZE } from '../model/config.ts';
import { presets } from '../model/presets.ts';

/** An error of code `limit` with the next smaller preset, or the next smaller size, and what that would need. */
export function withSmaller(
  { code, message }: PlumageError,
  config: ModelConfig,
  planOf: (config: ModelConfig) => Plan,
): PlumageError {
  const lite = config.model === 'plumage' && config.d > presets.lite.d;
  const size = Math.floor(config.size / 2);
  if (!lite && size < SMALLEST_SIZE) return new PlumageError(code, message);
  const smaller = lite ? { ...config, ...presets.lite, size: config.size } : { ...config, size };
  const { activationBytes, constantBytes } = planOf(smaller);
  const mib = ((activationBytes + constantBytes) / 2 ** 20).toFixed(0);
  const advice = `use ${lite ? 'preset lite' : `size ${size}`}, which needs ${mib} MiB`;
  return new PlumageError(code, `${message.split(' - ')[0]} - ${advice}`);
}

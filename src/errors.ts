// The one error type of the engine: a single line that says where, what, got, expected and what to do.

/**
 * What went wrong:
 * - `input`: what the caller passed is wrong: shapes, names, options, files
 * - `weights`: a weights file is damaged or does not fit the model
 * - `limit`: the adapter's limits are too small for the plan
 * - `adapter`: no usable adapter, browser or feature
 * - `lost`: the device was lost, and no other could be had: open an engine again
 * - `network`: a download failed
 * - `aborted`: the caller's AbortSignal fired
 * - `internal`: should be impossible; a bug of ours
 */
export type ErrorCode = 'input' | 'weights' | 'limit' | 'adapter' | 'lost' | 'network' | 'aborted' | 'internal';

/** Every rejection of the public API is one of these; `message` is one line, fit to be shown to a user. */
export class PlumageError extends Error {
  override name = 'PlumageError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(code === 'internal' ? `internal: ${message}` : message, options);
  }
}

/** `<where>: <what>, got <got>, expected <expected> - <advice>` */
export function mismatch(
  code: ErrorCode,
  where: string,
  what: string,
  got: unknown,
  expected: unknown,
  advice?: string,
): PlumageError {
  const tail = advice ? ` - ${advice}` : '';
  return new PlumageError(code, `${where}: ${what}, got ${show(got)}, expected ${show(expected)}${tail}`);
}

function show(value: unknown): string {
  return Array.isArray(value) ? `(${value.join(', ')})` : String(value);
}

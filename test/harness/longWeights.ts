// The real ImageNet weights for the long tests: the runner brings them, from the cache folder in Node and over its server
// in Chrome.

declare global {
  var plumageWeights: (() => Promise<Uint8Array>) | undefined;
  /** In Chrome only: where the page fetches them. */
  var plumageWeightsUrl: (() => Promise<string>) | undefined;
}

/** The bytes of the weights file. */
export async function longWeights(): Promise<Uint8Array> {
  const bytes = await globalThis.plumageWeights?.();
  if (!bytes) throw new Error('the test runner brings no weights: the long tests cannot run');
  return bytes;
}

// How much memory JavaScript holds: the runner measures it, from the process in Node and by the debugger's protocol in
// Chrome.

declare global {
  var plumageJsMemory: (() => Promise<number>) | undefined;
}

/** Bytes on the heap and in array buffers after a garbage collection. */
export async function jsMemory(): Promise<number> {
  if (!globalThis.plumageJsMemory)
    throw new Error('the test runner cannot measure JS memory: the long tests cannot run');
  return globalThis.plumageJsMemory();
}

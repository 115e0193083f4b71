// How much memory JavaScript holds: the runner measures it, from the process in Node and by the debugger's protocol in
// Chrome.

declare global {
  var plumageJsMemory: (() => Promise<JsMemory>) | undefined;
}

/** Bytes on the heap and in array buffers. */
export interface JsMemory {
  readonly heap: number;
  readonly buffers: number;
}

/** After a garbage collection. */
export async function jsMemory(): Promise<JsMemory> {
  if (!globalThis.plumageJsMemory)
    throw new Error('the test runner cannot measure JS memory: the long tests cannot run');
  return globalThis.plumageJsMemory();
}

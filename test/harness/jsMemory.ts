// How much memory JavaScript holds, after a garbage collection.

/** Bytes on the heap and in array buffers: from Node where --expose-gc is on, from an isolated page in Chrome. */
export async function jsMemory(): Promise<number> {
  if (globalThis.gc && globalThis.process) {
    for (let i = 0; i < 3; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run in between
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  }
  const page = performance as { measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }> };
  if (!page.measureUserAgentSpecificMemory) throw new Error('JS memory cannot be measured: node --expose-gc or Chrome');
  return (await page.measureUserAgentSpecificMemory()).bytes;
}

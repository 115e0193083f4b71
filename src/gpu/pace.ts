// Long work on a page's main thread in short tasks, so that the page stays alive while weights load.

/** A page that answers within 50 ms feels alive; a slice leaves room for what one step takes. */
const SLICE_MS = 8;

export class Pace {
  #since = performance.now();

  /** Whether it is time to `rest`. */
  get due(): boolean {
    return performance.now() - this.#since > SLICE_MS;
  }

  /** Lets the page's other tasks run. Not by a timer: pages hold those back by 4 ms. */
  async rest(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
    port1.close();
    this.#since = performance.now();
  }
}

// Work on many things at once, answers in order.

/** What `work` gives for each item, in the order of the items; up to `ahead` of them are under way at a time. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (let next = 0; next < items.length || underWay.length > 0; ) {
    while (next < items.length && underWay.length < ahead) {
      const started = work(items[next++]!);
      started.catch(() => {}); // thrown below, in its turn
      underWay.push(started);
    }
    yield await underWay.shift()!;
  }
}

// Work that may hang or fail in someone else's code: a limit of time for it, and its errors in one line.

export class Hung extends Error {}

/** Rejects with Hung when the work takes longer; the work itself goes on. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Hung(`no answer in ${(milliseconds / 1000).toFixed(0)} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first line of an error, without the class name that evaluating in a page puts before it. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .split('\n')[0]!
    .replace(/^(\w*Error: )+/, '')
    .slice(0, 200);
}

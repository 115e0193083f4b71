// Writes an evaluation's page: chooses the photos that it shows and makes their small copies.

import path from 'node:path';
import { type Evaluation, isRead } from '../data/evaluation.ts';
import { confusedPairs, mistakes } from '../data/metrics.ts';
import { DecodePool } from '../node/decodePool.ts';
import { thumbnail } from '../node/thumbnail.ts';
import { EXAMPLES, evaluationPage, PAIRS } from '../report/evaluation.ts';
import { inOrder } from './inOrder.ts';
import type { Progress } from './progress.ts';
import { replaceFile } from './replaceFile.ts';
import { versions } from './versions.ts';

/** `root` is the data set's folder on this machine; photos that are not there are left out, and said so. */
export async function writeEvaluationPage(
  file: string,
  result: Evaluation,
  root: string,
  progress: Progress,
): Promise<void> {
  const shown = shownFiles(result);
  const photos = new Map<string, string>();
  await progress.during('making the page', async () => {
    const pool = new DecodePool();
    const work = (name: string) => pool.decode(path.join(root, name), result.banner).then(thumbnail, () => undefined);
    try {
      let at = 0;
      for await (const uri of inOrder(shown, 2 * pool.workers, work)) {
        const name = shown[at++]!;
        if (uri) photos.set(name, uri);
      }
    } finally {
      await pool.close();
    }
  });
  const absent = shown.length - photos.size;
  if (absent > 0)
    progress.line(`${root}: ${absent} of the ${shown.length} photos of the page cannot be read: left out`);
  replaceFile(file, Buffer.from(evaluationPage(result, photos, versions().plumage)));
}

function shownFiles({ images, metrics }: Evaluation): string[] {
  const read = images.filter(isRead);
  const pairs = confusedPairs(metrics.confusion, PAIRS);
  const wrong = pairs.flatMap(({ a, b }) => [...mistakes(read, a, b, EXAMPLES), ...mistakes(read, b, a, EXAMPLES)]);
  return wrong.map((image) => image.file);
}

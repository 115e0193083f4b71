// What `plumage eval` and `plumage merge` print of an evaluation.

import { type Evaluation, isRead } from '../data/evaluation.ts';
import { confusedPairs, standardError } from '../data/metrics.ts';
import { paint, table } from './text.ts';

const PAIRS = 5;
const JSON_PAIRS = 20;

/** For people: shares with their standard error, the most confused pairs, what could not be read. */
export function resultText(result: Evaluation): string {
  const { metrics, network, classes, unread, part } = result;
  const { images } = metrics;
  const shares: [string, number][] =
    network === 'plain'
      ? [['top-1', metrics.top1]]
      : [
          ['top-1 of combined', metrics.top1],
          ['top-1 of concat', metrics.concat],
        ];
  shares.push(['top-5', metrics.top5]);
  const rows = shares.map(([name, share]) => {
    return [
      name,
      percent(share),
      `± ${(100 * standardError(share, images)).toFixed(1)}`,
      `${Math.round(share * images)} of ${images}`,
    ];
  });
  const empty = metrics.classes.filter((each) => each.images === 0).length;
  rows.push([
    'mean of classes',
    percent(metrics.classMean),
    '',
    empty > 0 ? `${empty} of ${classes.length} without an image` : `${classes.length} classes`,
  ]);
  const name = (index: number) => classes[index]!;
  const pairs = confusedPairs(metrics.confusion, PAIRS).map(({ a, b, aAsB, bAsA }) => {
    const [one, other] = [
      [`${name(a)} as ${name(b)}`, `${aAsB}`] as const,
      [`${name(b)} as ${name(a)}`, `${bAsA}`] as const,
    ];
    return aAsB >= bAsA ? [...one, ...other] : [...other, ...one];
  });
  const lines = [
    `${paint('bold', result.model)} on ${result.data}, ${result.split}${part ? `, shard ${part.shard} of ${part.of} only` : ''}`,
    images > 0 ? table(rows, [1]) : '  no image',
    ...(pairs.length > 0 ? ['confused most', table(pairs, [1, 3])] : []),
    ...(unread > 0
      ? [paint('yellow', `${unread} of ${unread + images} images could not be read and count in no share`)]
      : []),
    `adapter  ${result.adapters.join(', ')} (${result.precision})`,
  ];
  return lines.join('\n');
}

/** For programs: all but the images; those that could not be read are named. */
export function evaluationJson({ images, ...result }: Evaluation) {
  const pairs = confusedPairs(result.metrics.confusion, JSON_PAIRS).map(({ a, b, ...counts }) => {
    return { a: result.classes[a]!, b: result.classes[b]!, ...counts };
  });
  return { ...result, pairs, unreadImages: images.filter((image) => !isRead(image)) };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

// `plumage classify DIR --csv FILE`: a folder of photos without labels, or this machine's shard of it, to a table.

import path from 'node:path';
import { ofShard } from '../data/shards.ts';
import type { Prediction } from '../engine/likeliest.ts';
import { mismatch } from '../errors.ts';
import type { Runtime } from '../node/runtime.ts';
import { csvHead, csvRows } from './classifyCsv.ts';
import { fingerprint } from './fingerprint.ts';
import { modelFile, type ShardOptions, type SharedOptions, shardOf } from './options.ts';
import { photosIn } from './photoFolder.ts';
import { overPhotos, type PhotoWork, Unread, withModel } from './photoRun.ts';
import { type Progress, startProgress } from './progress.ts';
import { checkWritable, replaceFile } from './replaceFile.ts';
import { print } from './text.ts';

export interface FolderOptions extends SharedOptions, ShardOptions {
  readonly top: number;
  /** Where the table goes; `-` is standard output. */
  readonly csv: string;
  /** Rows of pixels to crop off the bottom of each. */
  readonly banner: number;
}

export async function classifyFolder(folders: readonly string[], options: FolderOptions): Promise<void> {
  const [folder] = folders;
  if (folder === undefined || folders.length > 1) {
    throw mismatch('input', '--csv', 'folders', folders.length, 'one', 'name the folder that holds the photos');
  }
  const shard = shardOf(options);
  const toFile = options.csv !== '-';
  if (toFile) checkWritable(options.csv);
  const { photos, others } = await photosIn(folder);
  const progress = startProgress();
  const file = await modelFile(options.model, progress);
  const facts = shard && { made: 'classify' as const, fingerprint: factsOf(file, photos, options), ...shard };
  const mine = shard ? ofShard(photos, shard) : photos;
  const rows: string[] = [];
  const write = (text: string) => (toFile ? rows.push(text) : process.stdout.write(text));
  const { unread, rate } = await withModel(options, file, progress, ({ runtime }) => {
    write(csvHead(facts));
    return classifyPhotos(runtime, folder, mine, options, write, progress);
  });
  const counts = [
    `${mine.length} photos${shard ? ` of ${photos.length}, shard ${shard.shard} of ${shard.of}` : ''}`,
    ...(unread > 0 ? [`${unread} could not be read: rows without a class`] : []),
    ...(others > 0 ? [`${others} other files left out`] : []),
    ...(rate ? [rate] : []),
  ];
  if (toFile) {
    replaceFile(options.csv, Buffer.from(rows.join('')));
    print(`${options.csv}  ${counts.join(' · ')}`);
  } else progress.line(counts.join(' · '));
}

/** Writes the rows of each photo as it is done, in order. */
export function classifyPhotos(
  runtime: Runtime,
  folder: string,
  photos: readonly string[],
  { top, banner, shard }: Pick<FolderOptions, 'top' | 'banner' | 'shard'>,
  write: (rows: string) => void,
  progress: Progress,
): ReturnType<typeof overPhotos> {
  const work: PhotoWork<string, Prediction[]> = {
    label: 'classifying',
    nameOf: (photo) => photo,
    fileOf: (photo) => path.join(folder, photo),
    banner,
    part: shard !== undefined,
    compute: (photo) => runtime.classify(photo, top),
    done: (photo, said) => write(csvRows(photo, said instanceof Unread ? undefined : said)),
  };
  return overPhotos(photos, work, progress);
}

/** The shard is no part of it: parts of one run have it in common. */
function factsOf(file: string, photos: readonly string[], { top, precision, banner }: FolderOptions): string {
  return fingerprint(file, { photos, top, precision, banner });
}

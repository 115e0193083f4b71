// The training recipe's random crop and flip: which part of the resized photo an image of a batch shows. Pure; it draws
// numbers and leaves the pixels to the preprocess op.

import { mismatch } from '../errors.ts';
import { type Crop, type PreprocessConfig, resizedSize } from './preprocess.ts';

/** Black pixels beside each side of the resized photo in training: 8 at 448, in proportion at other sizes. */
export const trainingPadding = (size: number): number => Math.round(size / 56);

/**
 * A random crop of the resized and padded photo, every place as likely, and a horizontal flip in one of two, as
 * torchvision's Pad, RandomCrop and RandomHorizontalFlip make them. It draws three numbers whatever they come to, so
 * that a stream of them stays in step. `random` is uniform in [0, 1). Offsets below 0 reach into the padding.
 * @throws PlumageError `input` for preprocessing that keeps the aspect without the size of the photo, on which it depends.
 */
export function trainingCrop(
  random: () => number,
  config: PreprocessConfig,
  padding = trainingPadding(config.size),
  photo?: { readonly width: number; readonly height: number },
): Required<Omit<Crop, 'image'>> {
  const { size, resize, stretch } = config;
  if (!stretch && !photo) {
    const got = 'one that keeps the aspect';
    throw mismatch('input', 'trainingCrop', 'resize', got, 'one to a square', 'use stretched()');
  }
  const [width, height] = photo ? resizedSize(photo.width, photo.height, config) : [resize, resize];
  if (Math.min(width, height) + 2 * padding < size) {
    throw mismatch('input', 'trainingCrop', 'crop', `${size} px`, `at most the ${resize + 2 * padding} px there are`);
  }
  const place = (side: number) => Math.floor(random() * (side + 2 * padding - size + 1)) - padding;
  return { top: place(height), left: place(width), flip: random() < 0.5 };
}

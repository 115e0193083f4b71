// A data set's classes in a model's terms: by name, whatever the order of either.

import { PlumageError } from '../errors.ts';
import type { Dataset, LabelledImage } from '../node/datasets/dataset.ts';

/**
 * What gives images of the data set the class numbers of a model that knows these `classes`.
 * @throws PlumageError `input` where one of the two has a class that the other lacks.
 */
export function labelledFor(
  { root, classes }: Pick<Dataset, 'root' | 'classes'>,
  known: readonly string[],
  model: string,
): (images: readonly LabelledImage[]) => LabelledImage[] {
  const stranger = classes.find((name) => !known.includes(name));
  const absent = known.find((name) => !classes.includes(name));
  if (stranger !== undefined || absent !== undefined) {
    const counts = `${root} has ${classes.length} classes, ${model} has ${known.length}`;
    const [name, lacks] = stranger === undefined ? [absent, 'the data set'] : [stranger, 'the model'];
    const advice =
      absent === undefined
        ? 'name those of the model by --classes'
        : 'make the model by plumage init with the classes of the data set (plumage data classes prints them)';
    throw new PlumageError('input', `${counts}: ${JSON.stringify(name)} is none of ${lacks} - ${advice}`);
  }
  const labels = classes.map((name) => known.indexOf(name));
  return (images) => images.map(({ file, label }) => ({ file, label: labels[label]! }));
}

// A tensor on the CPU: what files hold and what goes into and comes out of a session.

import { PlumageError } from '../errors.ts';

export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major values. A file's may be widened or copied at each access: read them once. */
  readonly data: Float32Array;
}

/** Tensors by name with the file's free-form string metadata. */
export interface TensorFile {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/** Refuses names from damaged or hostile files that would not fit into one line of an error message. */
export function checkName(name: string, where: string): void {
  if (name.length > 200 || /\p{Cc}/u.test(name)) {
    const shown = JSON.stringify(name.slice(0, 40));
    throw new PlumageError('weights', `${where}: a tensor's name is not plain text: ${shown} - the file is damaged`);
  }
}

// Weights files of either kind behind one function, and the check of a file against the tensors that a model expects.

import { PlumageError } from '../errors.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';
import { readSafetensors } from './safetensors.ts';

/** How a zip begins, and how PyTorch before 1.6: protocol 2, then the head of its magic number. */
const TORCH_STARTS = [
  [0x50, 0x4b, 3, 4],
  [0x80, 2, 0x8a, 0x0a],
];

/** True for what `readTorch` can read or explain; as safetensors both would mean a header of more than 67 MB. */
const looksLikeTorch = (bytes: Uint8Array): boolean =>
  TORCH_STARTS.some((head) => head.every((byte, i) => bytes[i] === byte));

const TORCHVISION = /^(conv1|bn1|layer[1-4]|fc)\./;

/**
 * Reads a .safetensors or .pth file, told apart by its first bytes; a page fetches the reader of the latter when it needs it. Names as torchvision has them get the prefix
 * `backbone.` and, where the file brings no `plumage` metadata, the configuration of torchvision's ResNet50.
 * @throws PlumageError `weights` for a file that is neither, or damaged.
 */
export async function readWeights(bytes: Uint8Array, where: string): Promise<TensorFile> {
  if (bytes.length === 0) throw new PlumageError('weights', `${where}: the file is empty - fetch or save it again`);
  const torch = looksLikeTorch(bytes);
  if (!torch && bytes[8] !== 0x7b) {
    throw new PlumageError('weights', `${where}: neither a .safetensors nor a .pth file - bring one of these`);
  }
  const file = torch ? (await import('./torch.ts')).readTorch(bytes, where) : readSafetensors(bytes, where);
  const names = [...file.tensors.keys()];
  if (names.some((name) => name.startsWith('backbone.')) || !names.some((name) => TORCHVISION.test(name))) return file;
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of file.tensors) tensors.set(`backbone.${name}`, tensor);
  if (file.metadata.plumage !== undefined) return { tensors, metadata: file.metadata };
  const classes = Array.from({ length: tensors.get('backbone.fc.weight')?.shape[0] ?? 0 }, (_, i) => `class ${i}`);
  const plumage = { model: 'plain', variant: 'v1.5', eps: 1e-5, preprocessing: 'torchvision', size: 224, classes };
  return { tensors, metadata: { ...file.metadata, plumage: JSON.stringify(plumage) } };
}

/** How many names of each kind an error lists. */
const SHOWN = 5;

/**
 * `checkShapes` and `checkFinite` for all tensors.
 * @throws PlumageError `weights`, as they do.
 */
export function checkWeights(file: TensorFile, expected: Map<string, readonly number[]>, where: string): void {
  checkShapes(file, expected, where);
  for (const name of expected.keys()) checkFinite(file, name, where);
}

/**
 * Checks that the file holds the expected tensors with the expected shapes, and nothing else but `num_batches_tracked`
 * and an unused `backbone.fc`.
 * @throws PlumageError `weights`, naming what is missing, unknown or misshapen.
 */
export function checkShapes(file: TensorFile, expected: Map<string, readonly number[]>, where: string): void {
  const missing = [...expected.keys()].filter((name) => !file.tensors.has(name));
  const unknown: string[] = [];
  const misshapen: string[] = [];
  for (const [name, { shape }] of file.tensors) {
    const want = expected.get(name);
    if (!want) {
      if (!name.startsWith('backbone.fc.') && !name.endsWith('num_batches_tracked')) unknown.push(name);
    } else if (want.join() !== shape.join()) {
      misshapen.push(`${name} (${shape.join(', ')}) expected (${want.join(', ')})`);
    }
  }
  const problems = [list('missing', missing), list('unknown', unknown), list('wrong shape', misshapen)];
  const found = problems.filter((problem) => problem !== '');
  if (found.length) {
    const advice = 'bring the weights of this model';
    throw new PlumageError('weights', `${where}: the tensors do not fit the model: ${found.join('; ')} - ${advice}`);
  }
}

function list(what: string, names: readonly string[]): string {
  if (!names.length) return '';
  const rest = names.length > SHOWN ? ', ...' : '';
  return `${names.length} ${what} (${names.slice(0, SHOWN).join(', ')}${rest})`;
}

/**
 * Checks that a tensor, which is there, has finite values only.
 * @throws PlumageError `weights`, naming the first that is not.
 */
export function checkFinite(file: TensorFile, name: string, where: string): void {
  const { data } = file.tensors.get(name)!;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    // Only NaN and the infinities do not cancel themselves.
    if (value - value !== 0) {
      throw new PlumageError('weights', `${where}: ${name}[${i}] is ${value}, not a number - fetch or save it again`);
    }
  }
}

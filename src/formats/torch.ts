// Reads the weights in a PyTorch .pth file: a zip with a pickle of names, shapes and strides beside raw storages.
// The pickle is read as data, never run; files from before PyTorch 1.6 (not a zip) are refused.

import { mismatch, PlumageError } from '../errors.ts';
import { checkName, type Tensor, type TensorFile } from '../graph/tensor.ts';
import { widenBF16, widenF16 } from './float16.ts';
import { PickleGlobal, readPickle } from './pickle.ts';
import { readZip } from './zip.ts';

const DAMAGED = 'the file is damaged, fetch or save it again';
const RESAVE = 'in PyTorch, save only the weights: torch.save(model.state_dict(), file)';
/** Axes of a tensor, and characters of a storage's key: a pickle may name the same long one again and again. */
const MAX_AXES = 8;
const MAX_KEY = 200;

/** Bytes a value by storage class; null for integers, which weights have only as `num_batches_tracked`. */
const STORAGES: Record<string, { bytes: number; read: ((data: Uint8Array) => Float32Array) | null }> = {
  FloatStorage: { bytes: 4, read: (data) => new Float32Array(data.buffer, data.byteOffset, data.length / 4) },
  DoubleStorage: {
    bytes: 8,
    read: (data) => Float32Array.from(new Float64Array(data.buffer, data.byteOffset, data.length / 8)),
  },
  HalfStorage: { bytes: 2, read: (data) => widenF16(new Uint16Array(data.buffer, data.byteOffset, data.length / 2)) },
  BFloat16Storage: {
    bytes: 2,
    read: (data) => widenBF16(new Uint16Array(data.buffer, data.byteOffset, data.length / 2)),
  },
  LongStorage: { bytes: 8, read: null },
  IntStorage: { bytes: 4, read: null },
  ShortStorage: { bytes: 2, read: null },
  CharStorage: { bytes: 1, read: null },
  ByteStorage: { bytes: 1, read: null },
  BoolStorage: { bytes: 1, read: null },
};

/** Values of one storage as f32; `kind` is its torch class. */
class Storage {
  constructor(
    readonly kind: string,
    readonly length: number,
    readonly values: Float32Array | null,
  ) {}
}

/** What `_rebuild_tensor_v2` says of a tensor, in numbers of values. */
class Strided {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/**
 * The tensors of a state_dict, also when it is nested under `state_dict` or `model`; `module.` before every name is
 * dropped. f16, bf16 and f64 become f32; contiguous f32 tensors share memory with their storage.
 * @throws PlumageError `weights` for a damaged file and for a pickle that names any class but torch's tensors.
 */
export function readTorch(bytes: Uint8Array, where: string): TensorFile {
  if (bytes[0] === 0x80) {
    throw new PlumageError(
      'weights',
      `${where}: the format of PyTorch before 1.6 - torch.load and torch.save it again`,
    );
  }
  const entries = readZip(bytes, where);
  const pickle = [...entries.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) throw new PlumageError('weights', `${where}: a zip, but not one of torch.save - ${RESAVE}`);
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = new TextDecoder().decode(entries.get(`${folder}byteorder`)?.subarray(0, 10)) || 'little';
  if (order !== 'little') throw mismatch('weights', where, 'byte order', order, 'little', RESAVE);

  const root = readPickle(entries.get(pickle)!, where, {
    globals: torchGlobals(where),
    persistent: storageReader((key) => entries.get(`${folder}data/${key}`), where),
  });
  const tensors = new Map<string, Tensor>();
  // Tensors that are not contiguous are copied; many over one storage could multiply a small file without end.
  const budget = { values: bytes.length };
  for (const [name, value] of stateDict(root, where)) {
    checkName(name, where);
    if (!(value instanceof Strided)) throw new PlumageError('weights', `${where}: ${name} is not a tensor - ${RESAVE}`);
    if (value.storage.values) tensors.set(name, toTensor(value, value.storage.values, budget, `${where}: ${name}`));
    else if (!name.endsWith('num_batches_tracked')) {
      throw mismatch('weights', `${where}: ${name}`, 'type', value.storage.kind, 'a floating-point type', RESAVE);
    }
  }
  return { tensors, metadata: {} };
}

function stateDict(root: unknown, where: string): [string, unknown][] {
  let dict = root;
  for (const key of ['state_dict', 'model']) {
    if (root instanceof Map && root.get(key) instanceof Map) {
      dict = root.get(key);
      break;
    }
  }
  if (!(dict instanceof Map)) throw new PlumageError('weights', `${where}: it holds no state_dict - ${RESAVE}`);
  const items = [...dict.entries()].map(([name, value]): [string, unknown] => {
    if (typeof name !== 'string') throw new PlumageError('weights', `${where}: a name is not a string - ${RESAVE}`);
    return [name, value];
  });
  const wrapped = items.length > 0 && items.every(([name]) => name.startsWith('module.'));
  return wrapped ? items.map(([name, value]) => [name.slice('module.'.length), value]) : items;
}

function torchGlobals(where: string): Map<string, PickleGlobal> {
  const globals = [
    new PickleGlobal('collections.OrderedDict', () => new Map()),
    new PickleGlobal('torch._utils._rebuild_tensor_v2', (args) => rebuildTensor(args, where)),
    new PickleGlobal('torch._utils._rebuild_parameter', ([data]) => data),
    ...Object.keys(STORAGES).map((kind) => new PickleGlobal(`torch.${kind}`)),
  ];
  return new Map(globals.map((global) => [global.name, global]));
}

function rebuildTensor([storage, offset, shape, strides]: unknown[], where: string): Strided {
  if (
    !(storage instanceof Storage) ||
    !isSize(offset) ||
    !isSizes(shape) ||
    !isSizes(strides) ||
    shape.length !== strides.length
  ) {
    throw new PlumageError(
      'weights',
      `${where}: a tensor without storage, offset, shape and strides of at most ${MAX_AXES} axes - ${DAMAGED}`,
    );
  }
  const count = shape.reduce((a, b) => a * b, 1);
  const last = offset + shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, 0);
  if (!(count <= storage.length) || (count > 0 && last >= storage.length)) {
    throw mismatch('weights', `${where}: a tensor (${shape.join(', ')})`, 'storage', storage.length, 'more', DAMAGED);
  }
  // Copies, for the pickle may append to its lists later.
  return new Strided(storage, offset, [...shape], [...strides]);
}

/** Torch's persistent id is ('storage', class, key, device, length). Each storage is widened once. */
function storageReader(entry: (key: string) => Uint8Array | undefined, where: string): (id: unknown) => Storage {
  const storages = new Map<string, Storage>();
  return (id) => {
    const [tag, type, key, , length] = Array.isArray(id) ? id : [];
    const named = tag === 'storage' && type instanceof PickleGlobal && typeof key === 'string' && key.length <= MAX_KEY;
    if (!named || !isSize(length)) {
      throw new PlumageError('weights', `${where}: a storage without class, key and length - ${DAMAGED}`);
    }
    const kind = type.name.slice('torch.'.length);
    const known = storages.get(key);
    if (known && known.kind === kind && known.length === length) return known;
    const format = Object.hasOwn(STORAGES, kind) ? STORAGES[kind] : undefined;
    const data = entry(key);
    if (known || !format || !data || data.length !== length * format.bytes) {
      const shown = JSON.stringify(key.slice(0, 40));
      throw mismatch('weights', `${where}: storage ${shown}`, 'bytes', data?.length, `${length} x ${kind}`, DAMAGED);
    }
    const storage = new Storage(kind, length, format.read ? format.read(data) : null);
    storages.set(key, storage);
    return storage;
  };
}

function toTensor(source: Strided, values: Float32Array, budget: { values: number }, where: string): Tensor {
  const { offset, shape, strides } = source;
  const count = shape.reduce((a, b) => a * b, 1);
  let dense = 1;
  let contiguous = true;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== dense) contiguous = false;
    dense *= shape[i]!;
  }
  if (contiguous || count === 0) return { shape, data: values.subarray(offset, offset + count) };
  budget.values -= count;
  if (budget.values < 0) throw new PlumageError('weights', `${where}: its storage is used too often - ${DAMAGED}`);

  const data = new Float32Array(count);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    data[i] = values[at]!;
    // Like an odometer: the last axis turns fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_AXES && value.every(isSize);
}

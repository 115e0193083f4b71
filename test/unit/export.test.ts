// `plumage export`: what its options must and must not say, files that cannot be written, and what it writes. The ONNX
// itself is judged in onnx.test.ts and onnxModel.test.ts.

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkOptions, type ExportOptions, exportModel } from '../../src/cli/export.ts';
import { checkWritable } from '../../src/cli/replaceFile.ts';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { readWeights } from '../../src/formats/weights.ts';
import type { TensorFile } from '../../src/graph/tensor.ts';
import { expectedParameters, type ModelConfig } from '../../src/model/config.ts';
import { configOf } from '../harness/configs.ts';
import { hashedNoise, hashedWeights } from '../harness/hashedWeights.ts';
import { runOnnx } from '../harness/onnx.ts';
import { refused, rejected } from '../harness/refused.ts';

let folder: string;

test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-export-'));
});
test.after.each(() => rm(folder, { recursive: true }));

const plain: ModelConfig = {
  ...{ model: 'plain', variant: 'v1.5', eps: 1e-5, preprocessing: 'torchvision', size: 64 },
  classes: ['a', 'b', 'c'],
};

function fileOf(config: ModelConfig): TensorFile {
  const shapes = expectedParameters(modelGraph(config, [1, 64, 64, 3]));
  const tensors = new Map(Object.entries(hashedWeights(shapes)));
  return { tensors, metadata: { plumage: JSON.stringify(config) } };
}

async function quietly(work: () => Promise<void>): Promise<string[]> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    await work();
  } finally {
    console.log = log;
  }
  return lines;
}

test('options that lack or contradict each other are refused in one line', () => {
  const check = (options: Omit<ExportOptions, 'model'>, pattern: RegExp) =>
    refused(() => checkOptions({ model: 'm', ...options }), 'input', pattern);
  check({}, /^export: nothing to write - name a file with --onnx or --safetensors$/);
  check({ safetensors: 'a', size: 448 }, /^export: --size .* add --onnx FILE$/);
  check({ safetensors: 'a', batch: 'dynamic' }, /^export: --batch .* add --onnx FILE$/);
  check({ onnx: 'a', dtype: 'f16' }, /^export: --dtype .* add --safetensors FILE$/);
  check({ onnx: './a', safetensors: 'a' }, /^export: --onnx and --safetensors both name \.\/a/);
  check({ onnx: 'a', size: 31 }, /^--size: pixels, got 31, expected at least 32$/);
  checkOptions({ model: 'm', onnx: 'a', safetensors: 'b', size: 32, batch: 2, dtype: 'f16' });
});

test('a path that cannot be written is refused before anything is read, and nothing is left beside it', async () => {
  await mkdir(join(folder, 'taken'));
  await writeFile(join(folder, 'file'), 'kept');
  refused(() => checkWritable(join(folder, 'taken')), 'input', /taken: cannot be written: is a folder - choose/);
  refused(() => checkWritable(join(folder, 'none', 'a')), 'input', /a: cannot be written: ENOENT/);
  refused(() => checkWritable(join(folder, 'file', 'a')), 'input', /a: cannot be written: ENOTDIR/);
  checkWritable(join(folder, 'file'));
  assert.is(await readFile(join(folder, 'file'), 'utf8'), 'kept');
  await symlink(join(folder, 'away'), join(folder, 'link'));
  checkWritable(join(folder, 'link'));
  const bad = { model: join(folder, 'no.safetensors'), onnx: join(folder, 'none', 'out.onnx') };
  await rejected(exportModel(bad), 'input', /out\.onnx: cannot be written/);
  await rejected(exportModel({ ...bad, onnx: join(folder, 'out.onnx') }), 'input', /no\.safetensors: weights: no such/);
  assert.equal((await readdir(folder)).sort(), ['file', 'link', 'taken']);
});

test('an ONNX model of another size and any batch, and f16 safetensors, from one file', async () => {
  const file = fileOf(plain);
  file.tensors.set('backbone.bn1.num_batches_tracked', { shape: [], data: Float32Array.of(7) });
  // As in the Keras weights: no f16 can hold it.
  file.tensors.get('backbone.bn1.running_var')!.data[3] = 83614.7;
  const model = join(folder, 'model.safetensors');
  await writeFile(model, writeSafetensors(file));
  const [onnx, safetensors] = [join(folder, 'out.onnx'), join(folder, 'out.safetensors')];
  const printed = await quietly(() =>
    exportModel({ model, onnx, size: 96, batch: 'dynamic', safetensors, dtype: 'f16' }),
  );
  assert.is(printed.length, 2);
  assert.match(printed[0]!, /out\.safetensors {2}47\.\d MB$/);
  assert.match(printed[1]!, /out\.onnx {2}9\d\.\d MB$/);

  const bytes = await readFile(onnx);
  const text = bytes.subarray(-1000).toString('latin1');
  assert.ok(text.includes('"size":96') && text.includes('"model":"plain"'), text);
  const shape = [2, 96, 96, 3];
  const { logits } = await runOnnx(bytes, { x: { shape, data: hashedNoise('x', shape) } });
  assert.equal(logits!.shape, [2, 3]);

  const half = await readWeights(await readFile(safetensors), 'out');
  assert.is(half.tensors.has('backbone.bn1.num_batches_tracked'), false);
  assert.is(half.metadata.plumage, JSON.stringify(plain));
  for (const [name, { shape, data }] of half.tensors) {
    const full = file.tensors.get(name)!.data;
    const [relative, absolute] = shape.length > 1 ? [2 ** -11, 2 ** -25] : [0, 0];
    const wrong = data.findIndex((value, i) => Math.abs(value - full[i]!) > relative * Math.abs(full[i]!) + absolute);
    assert.is(wrong, -1, name);
  }
});

test('a fine-grained model without its attention tensors is refused and nothing is written', async () => {
  const file = fileOf(configOf('tiny', 3));
  file.tensors.delete('clca.gamma');
  const model = join(folder, 'model.safetensors');
  await writeFile(model, writeSafetensors(file));
  await rejected(exportModel({ model, onnx: join(folder, 'out.onnx') }), 'weights', /1 missing \(clca\.gamma\)/);
  assert.equal(await readdir(folder), ['model.safetensors']);
});

test.run();

// Small trees in the exact layout of each data set, whole and with one thing broken.

import { mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkTrainable,
  countWarnings,
  type Dataset,
  holdOut,
  type LabelledImage,
  limitClasses,
  openDataset,
} from '../../src/node/datasets/dataset.ts';
import {
  carClasses,
  cubClasses,
  put,
  variants,
  writeAircraft,
  writeCarsA,
  writeCarsB,
  writeCub,
  writeFolder,
} from '../harness/datasets.ts';
import { refused, rejected } from '../harness/refused.ts';

let folder: string;
test.before.each(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumage-data-'));
});
test.after.each(() => rm(folder, { recursive: true }));

const labels = (images: readonly LabelledImage[]) => images.map(({ label }) => label);
const names = ({ root }: Dataset, images: readonly LabelledImage[]) =>
  images.map(({ file }) => path.relative(root, file).replaceAll('\\', '/'));
/** Replaces a text in a file of the tree. */
async function edit(file: string, from: string | RegExp, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  assert.match(text, from);
  await writeFile(file, text.replace(from, to));
}

test('CUB: 1-based ids, the split, the folder above it', async () => {
  const root = await writeCub(folder);
  for (const place of [root, folder]) {
    const cub = await openDataset('cub', place);
    assert.is(cub.root, root);
    assert.equal(cub.classes, cubClasses);
    assert.equal(labels(cub.train), [0, 0, 1, 1, 2, 2]);
    assert.equal(labels(cub.test), [0, 1, 2]);
    assert.is(names(cub, cub.test)[1], 'images/002.Laysan_Albatross/Laysan_Albatross_5.jpg');
    assert.equal([cub.banner, cub.held, cub.warnings], [0, undefined, []]);
  }
});

test('CUB: what is missing or wrong is said with file and line', async () => {
  const root = await writeCub(folder);
  const at = (name: string) => path.join(root, name);
  const broken = async (name: string, from: string | RegExp, to: string, pattern: RegExp) => {
    const before = await readFile(at(name));
    await edit(at(name), from, to);
    await rejected(openDataset('cub', root), 'input', pattern);
    await writeFile(at(name), before);
  };
  const labelsFile = 'image_class_labels.txt';
  await broken(labelsFile, '9 1\n', '9 4\n', /image_class_labels\.txt:1: label, got 4, expected 1 to 3 - classes\.txt/);
  await broken(labelsFile, '9 1\n', '9 0\n', /image_class_labels\.txt:1: label, got 0/);
  await broken(labelsFile, '9 1\n', '8 1\n', /image_class_labels\.txt:2: entry, got 8 again, expected each once/);
  await broken(labelsFile, '9 1\n', '', /images\.txt:1: image 9, got no entry in image_class_labels\.txt/);
  await broken(
    labelsFile,
    '9 1\n',
    '9 1\n12 1\n',
    /image_class_labels\.txt:2: id, got 12, expected one of images\.txt/,
  );
  await broken(labelsFile, '9 1\n', '9 one\n', /image_class_labels\.txt:1: number, got "one"/);
  await broken(
    'train_test_split.txt',
    '9 1\n',
    '9 2\n',
    /train_test_split\.txt:1: split, got 2, expected 1 train or 0/,
  );
  await broken('images.txt', '9 0', '9\n0', /images\.txt:1: entry, got "9", expected two words/);
  await broken('images.txt', /9 .*\n/, '9 ../../etc/passwd\n', /images\.txt:1: image, got "\.\.\/\.\.\/etc\/passwd"/);
  await broken('images.txt', /9 .*\n/, '9 ../passwd\n', /images\.txt:1: image, got/);
  await broken('images.txt', /_1\.jpg/, '_0.jpg', /_0\.jpg: image, got one of train and again of train/);
  await broken('classes.txt', '2 002', '4 002', /classes\.txt: ids, got none is 2, expected 1 to 3/);
  await unlink(at('train_test_split.txt'));
  await rejected(
    openDataset('cub', root),
    'input',
    /train_test_split\.txt: data set, got nothing there, .*CUB_200_2011/,
  );
  await rm(at('images'), { recursive: true });
  await rejected(
    openDataset('cub', root),
    'input',
    /images: data set, got nothing there, expected the folder of the im/,
  );
  await rejected(openDataset('cub', path.join(folder, 'no')), 'input', /no: data set, got nothing there/);
  await rejected(
    openDataset('cub', at('classes.txt')),
    'input',
    /classes\.txt: data set, got a file, expected a folder/,
  );
});

test('CUB: oddities are warnings', async () => {
  const root = await writeCub(folder);
  await edit(path.join(root, 'train_test_split.txt'), '9 1\n8 1\n', '9 0\n8 0\n');
  await unlink(path.join(root, 'images', cubClasses[2]!, 'Sooty_Albatross_7.jpg'));
  await edit(path.join(root, 'image_class_labels.txt'), '4 2\n', '4 3\n');
  const cub = await openDataset('cub', root);
  assert.is(cub.warnings.length, 3);
  assert.match(cub.warnings[0]!, /^1 images lie in a folder that is not named as their class/);
  assert.match(cub.warnings[1]!, /^1 images are listed but missing, such as .*Sooty_Albatross_7\.jpg/);
  assert.match(cub.warnings[2]!, /^1 classes have no training image, such as 001\.Black/);
  refused(() => checkTrainable(cub), 'input', /none for 1 of 3, such as "001.*- leave these out by --classes/);
  checkTrainable(limitClasses(cub, cubClasses.slice(1)));
});

test('Cars, layout A: the same file names in train and test', async () => {
  const cars = await openDataset('cars', await writeCarsA(folder));
  assert.equal(cars.classes, carClasses);
  assert.equal(
    [labels(cars.train), labels(cars.test)],
    [
      [0, 2, 1, 2],
      [1, 0, 2],
    ],
  );
  assert.is(names(cars, cars.train)[0], 'cars_train/00001.jpg');
  assert.is(names(cars, cars.test)[0], 'cars_test/00001.jpg');
  assert.equal(cars.warnings, []);
});

test('Cars, layout A: without labels of the test, cut short, without a part', async () => {
  await writeCarsA(folder);
  const at = (name: string) => path.join(folder, name);
  const withLabels = at('cars_test_annos_withlabels.mat');
  const whole = await readFile(withLabels);
  await writeFile(withLabels, await readFile('test/fixtures/goldens/mat/cars_test_annos.mat'));
  const unlabelled = /annotations\(1\): field class, got none, .* - the test needs cars_test_annos_withlabels\.mat/;
  await rejected(openDataset('cars', folder), 'input', unlabelled);
  await writeFile(withLabels, whole.subarray(0, 200));
  await rejected(openDataset('cars', folder), 'input', /withlabels\.mat: .* - the file is damaged or incomplete/);
  await unlink(withLabels);
  await rejected(
    openDataset('cars', folder),
    'input',
    /withlabels\.mat: data set, got nothing there, expected a \.mat/,
  );
  await writeFile(at('devkit/cars_test_annos_withlabels.mat'), whole);
  assert.is((await openDataset('cars', folder)).test.length, 3);
  await writeFile(at('devkit/cars_meta.mat'), await readFile('test/fixtures/goldens/mat/values.mat'));
  await rejected(openDataset('cars', folder), 'input', /class_names, got none, expected a cell array of names/);
  await rm(at('devkit'), { recursive: true });
  await rejected(openDataset('cars', folder), 'input', /Stanford Cars, got neither devkit\/ nor cars_annos\.mat/);
});

test('Cars, layout B', async () => {
  const cars = await openDataset('cars', await writeCarsB(folder));
  assert.equal(cars.classes, carClasses);
  assert.equal(names(cars, cars.train), ['car_ims/000001.jpg', 'car_ims/000003.jpg', 'car_ims/000005.jpg']);
  assert.equal(
    [labels(cars.train), labels(cars.test)],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
  await rm(path.join(folder, 'car_ims'), { recursive: true });
  await rejected(openDataset('cars', folder), 'input', /car_ims: data set, got nothing there, expected a folder of im/);
});

test('Aircraft: names with spaces and slashes, the official val list, the banner, every folder above', async () => {
  const root = await writeAircraft(folder);
  for (const place of [root, path.dirname(root), folder]) {
    const aircraft = await openDataset('aircraft', place);
    assert.is(aircraft.root, root);
    assert.equal(aircraft.classes, variants);
    assert.equal(labels(aircraft.train), [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    assert.equal([aircraft.held!.train.length, aircraft.held!.val.length, aircraft.test.length], [6, 3, 3]);
    assert.is(names(aircraft, aircraft.train)[0], 'images/0034699.jpg');
    assert.equal([aircraft.banner, aircraft.warnings], [20, []]);
    assert.equal(holdOut(aircraft, 0.1, 1), aircraft.held);
  }
  assert.is((await openDataset('aircraft', root, { banner: 0 })).banner, 0);
});

test('Aircraft: lists that disagree', async () => {
  const root = await writeAircraft(folder);
  const at = (part: string) => path.join(root, `images_variant_${part}.txt`);
  const test0 = await readFile(at('test'), 'utf8');
  await edit(at('test'), '737-300', '737-301');
  await rejected(
    openDataset('aircraft', root),
    'input',
    /_test\.txt:1: variant, got "737-301", expected one of variants/,
  );
  await writeFile(at('test'), `${test0}0034699 737-300\n`);
  await rejected(openDataset('aircraft', root), 'input', /0034699\.jpg: image, got one of train and again of test/);
  await writeFile(at('test'), '../../x 737-300\n');
  await rejected(
    openDataset('aircraft', root),
    'input',
    /_test\.txt:1: image, got "\.\.\/\.\.\/x", expected seven digits/,
  );
  await writeFile(at('test'), Buffer.from([0x30, 0xff, 0x0a]));
  await rejected(openDataset('aircraft', root), 'input', /_test\.txt: text, got bytes that are not UTF-8/);
  await writeFile(at('test'), '\n');
  await rejected(openDataset('aircraft', root), 'input', /_test\.txt: list, got no line/);
  await writeFile(at('test'), test0.replaceAll('\n', '\r\n'));
  await edit(at('val'), /.*\n/, '');
  const { warnings } = await openDataset('aircraft', root);
  assert.equal(warnings, [
    'the lists train and val are not trainval: 0 of their images are not in it, it has 1 others',
  ]);
});

test('a folder of folders', async () => {
  await writeFolder(folder);
  await put(path.join(folder, 'train', '.DS_Store'), 'x');
  await put(path.join(folder, 'train', 'notes.txt'), 'x');
  const plain = await openDataset('folder', folder);
  assert.equal(plain.classes, ['a', 'b', 'c']);
  assert.equal(
    [labels(plain.train), labels(plain.test)],
    [
      [0, 0, 0, 1, 1, 2],
      [0, 1, 2],
    ],
  );
  assert.equal(plain.warnings, []);
  await put(path.join(folder, 'train', 'a', 'notes.txt'), 'x');
  await put(path.join(folder, 'train', 'd', '.hidden.jpg'), 'x');
  await symlink(path.join(folder, 'train', 'a'), path.join(folder, 'train', 'e'));
  const odd = await openDataset('folder', folder);
  assert.equal(odd.classes, ['a', 'b', 'c', 'd', 'e']);
  assert.is(odd.warnings.length, 2);
  assert.match(odd.warnings[0]!, /^2 files are no images by their names, such as a.notes\.txt/);
  assert.match(odd.warnings[1]!, /^1 classes have no training image, such as d/);
  await put(path.join(folder, 'test', 'z', '1.jpg'), 'x');
  await rejected(openDataset('folder', folder), 'input', /test.z: class, got one without a folder in train/);
  await rm(path.join(folder, 'test'), { recursive: true });
  assert.match((await openDataset('folder', folder)).warnings.join(), /there is no folder test/);
  await rm(path.join(folder, 'train'), { recursive: true });
  await rejected(
    openDataset('folder', folder),
    'input',
    /train: data set, got nothing there, expected a folder with one/,
  );
  await put(path.join(folder, 'train'), 'x');
  await rejected(openDataset('folder', folder), 'input', /train: data set, got a file/);
});

test('some classes, in the order of the data set', async () => {
  const root = await writeAircraft(folder);
  const aircraft = await openDataset('aircraft', root, { classes: [variants[2]!, variants[0]!] });
  assert.equal(aircraft.classes, [variants[0], variants[2]]);
  assert.equal(labels(aircraft.train), [0, 1, 0, 1, 0, 1]);
  assert.equal(
    [labels(aircraft.held!.val), labels(aircraft.test)],
    [
      [0, 1],
      [0, 1],
    ],
  );
  const unknown = /--classes: class, got "A310", expected one of the 3 in .*, such as "737-300"/;
  refused(() => limitClasses({ ...aircraft, classes: variants }, ['A310']), 'input', unknown);
  refused(() => limitClasses(aircraft, ['737-300', '737-300']), 'input', /class, got "737-300" twice/);
  refused(() => checkTrainable(limitClasses(aircraft, ['737-300'])), 'input', /classes, got 1, expected at least 2/);
});

test('counts other than the published ones', async () => {
  const cub = await openDataset('cub', await writeCub(folder));
  assert.equal(countWarnings(cub), [
    'classes: 3, where the published data set has 200',
    'train: 6, where the published data set has 5994',
    'test: 3, where the published data set has 5794',
  ]);
  assert.equal(countWarnings({ ...cub, kind: 'folder' }), []);
});

test.run();

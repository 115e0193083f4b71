import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reflect } from '../../build/wgslPlugin.mjs';
import { pack } from '../../build/wgslText.mjs';
import { packParams, type Shader, specialise } from '../../src/kernels/shader.ts';

const good = `// y = a * x   x, y: (SIZE)
const SIZE = 4u;
const SCALE: f32 = 1.5;
const QUADS = SIZE / 4u;
const ON = true;

struct Params {
  first: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (ON && QUADS > 0u) { y[id.x] = SCALE * params.factor * x[id.x + params.first].x; }
}
`;
/** As a bundle has it, names as they are. */
const shaderOf = (source: string) =>
  ({ ...reflect('good', source).shader, code: pack(source, { names: new Map(), members: new Set() }) }) as Shader;
const without = (part: string, by = '') => reflect('bad', good.replace(part, by)).complaints;
const complaint = (part: string, by: string, line: number, text: RegExp) => {
  const found = without(part, by).find((c) => text.test(c.text));
  assert.ok(found, `no complaint like ${text}: ${JSON.stringify(without(part, by))}`);
  assert.is(found.line, line);
};

test('facts: knobs, bindings, parameters', () => {
  const { shader, complaints } = reflect('good', good);
  assert.equal(complaints, []);
  assert.equal(shader!.knobs, [
    { name: 'SIZE', type: 'u32', default: 4 },
    { name: 'SCALE', type: 'f32', default: 1.5 },
    { name: 'ON', type: 'bool', default: 1 },
  ]);
  assert.equal(shader!.bindings, [
    { name: 'params', access: 'uniform', type: 'Params' },
    { name: 'x', access: 'read', type: 'array<vec4f>' },
    { name: 'y', access: 'write', type: 'array<f32>' },
  ]);
  assert.equal(shader!.params, [
    { name: 'first', type: 'u32', offset: 0 },
    { name: 'factor', type: 'f32', offset: 4 },
  ]);
  assert.is(shader!.paramsSize, 16);
});

test('comments are blanked and lines stay', () => {
  const { shader } = reflect('good', good);
  const line = (text: string) => text.split('\n').findIndex((l) => l.includes('fn main'));
  assert.is(line(shader!.code), line(good));
  assert.not(shader!.code.includes('//'));
});

test('what breaks a convention is named with its line', () => {
  complaint('// y = a * x   x, y: (SIZE)\n', '\n', 1, /starts with a comment/);
  complaint('const ON = true;', 'const ON = true; const x9 = 1u;\nconst UNUSED = 3u;', 6, /UNUSED is never used/);
  complaint('const SCALE', 'override SCALE', 3, /a knob is a const/);
  complaint('@group(0) @binding(1)', '@group(1) @binding(1)', 13, /group 1, expected group 0/);
  complaint('@binding(2)', '@binding(3)', 14, /numbered 0, 1, 2/);
  complaint('fn main', 'fn start', 16, /entry point named main/);
  complaint('first: u32', 'first: vec2u', 8, /Params.first/);
  complaint('read_write', 'read', 1, /nothing is written/);
});

test('what does not parse is named', () => {
  const { complaints, shader } = reflect('bad', good.replace('fn main(', 'fn main(('));
  assert.is(shader, undefined);
  assert.match(complaints[0]!.text, /does not parse/);
});

test('specialise declares knobs, parameters and bindings where they stood, and refuses unknown names and wrong types', () => {
  const shader = shaderOf(good);
  const code = specialise(shader, { SIZE: 8, SCALE: 2, ON: 0 });
  const want = good.split('\n').map((line) => line.replace(/\/\/.*/, '').replaceAll(' ', ''));
  const got = code.split('\n').map((line) => line.replaceAll(' ', ''));
  assert.is(got.length, want.length);
  assert.equal(got.slice(1, 5), ['constSIZE=8u;', 'constSCALE=2.0;', 'constQUADS=SIZE/4u;', 'constON=false;']);
  assert.is(got[6], 'structParams{first:u32,factor:f32}');
  assert.is(got[11], '@group(0)@binding(0)var<uniform>params:Params;');
  assert.is(got[12], '@group(0)@binding(1)var<storage>x:array<vec4f>;');
  assert.equal(got.slice(15), want.slice(15));
  assert.is(specialise(shader, {}).split('\n')[2], 'const SCALE=1.5f;');
  assert.throws(() => specialise(shader, { NONE: 1 }), /knob, got NONE/);
  assert.throws(() => specialise(shader, { SIZE: 1.5 }), /knob SIZE, got 1.5, expected u32/);
  assert.throws(() => specialise(shader, { SIZE: -1 }), /knob SIZE/);
  assert.throws(() => specialise(shader, { ON: 2 }), /knob ON/);
});

test('a knob that stands in struct Params is set at run time', () => {
  const shader = shaderOf(good);
  assert.equal(specialise(shader, { first: 7, SIZE: 8 }), specialise(shader, { SIZE: 8 }));
});

const halfGood = good
  .replace('@group', 'alias XElement = f32;\nalias YElement = f32;\n@group')
  .replace('array<vec4f>', 'array<vec4<XElement>>')
  .replace('array<f32>', 'array<YElement>')
  .replace(
    'y[id.x] = SCALE * params.factor * x[id.x + params.first].x;',
    'y[id.x] = YElement(SCALE * f32(x[id.x].x));',
  );

test('bindings with an element type of their own can be f16', () => {
  const { shader, complaints } = reflect('half', halfGood);
  assert.equal(complaints, []);
  assert.equal(
    shader!.bindings.map(({ name, half }) => [name, half]),
    [
      ['params', undefined],
      ['x', 'XElement'],
      ['y', 'YElement'],
    ],
  );
  const packed = shaderOf(halfGood);
  const code = specialise(packed, { SIZE: 8 }, ['y']);
  assert.match(code, /^enable f16; /);
  assert.match(code, /\nalias XElement=f32;@group\(0\)@binding\(1\).*\nalias YElement=f16;@group\(0\)@binding\(2\)/);
  assert.is(code.split('\n').length, halfGood.split('\n').length);
  assert.not.match(specialise(packed, { SIZE: 8 }), /f16/);
  assert.throws(() => specialise(shaderOf(good), { SIZE: 8 }, ['y']), /binding y, got f16, expected f32/);
});

test('an element type of two bindings, of another or of none is named with its line', () => {
  const line = halfGood.split('\n').indexOf('alias XElement = f32;') + 1;
  const found = (source: string) => reflect('bad', source).complaints.find(({ text }) => /^alias XElement/.test(text));
  assert.equal(found(halfGood.replace('array<YElement>', 'array<XElement>')), {
    ...{ text: 'alias XElement is the element type of one binding, x of XElement, got x, y', line },
  });
  assert.match(found(halfGood.replace('array<vec4<XElement>>', 'array<vec4f>'))!.text, /got none$/);
  assert.match(found(halfGood.replace('> x: array', '> z: array').replace('x[id', 'z[id'))!.text, /got z$/);
});

test('packParams lays out the uniform block', () => {
  const shader = reflect('good', good).shader as Shader;
  const view = new DataView(packParams(shader, { first: 7, factor: 0.5 }));
  assert.is(view.getUint32(0, true), 7);
  assert.is(view.getFloat32(4, true), 0.5);
  assert.throws(() => packParams(shader, { first: 7 }), /parameter factor, got nothing/);
});

test.run();

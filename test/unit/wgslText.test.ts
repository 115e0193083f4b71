// The text of shaders in a bundle: what may have another name has one, and nothing else changes.
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pack, packShader, shortNames, squeeze } from '../../build/wgslText.mjs';

const source = `// y = x * scale, a value of many colours
const SIZE = 4u;
const QUADS = SIZE / 4u;
struct Params { start: u32, first: u32 }
struct Window { first: u32, x: f32, centre: vec4f }
alias XElement = f32;
alias Stored = vec4<XElement>;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Window, SIZE>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<XElement>>;
var<workgroup> tile: array<vec4f, QUADS>;

@compute @workgroup_size(SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = params.start + id.x; // let row be
  var step = 1e-5f * f32(0x1fu);
  { let row = row + 1u; step += f32(row); }
  let centre = scaled(x[row].centre, step).wzyx;
  let length = length(centre);
  y[row] = Stored(tile[lane] * centre.x + x[row].x * length);
}
`;
const library = `// scaled(v, by)   v, by
fn scaled(v: vec4f, step: f32) -> vec4f {
  let SIZE4 = step;
  return max(v, vec4f(SIZE4)) * params.first;
}
`;
const names = shortNames([[source, library]]);
const packed = packShader([source, library], names);
const lineOf = (text: string, start: string) => text.split('\n').findIndex((line) => line.startsWith(start));
const short = (name: string) => names.names.get(name);

test('lines stay where they are, comments go', () => {
  assert.is(packed.split('\n').length, source.split('\n').length);
  assert.is(lineOf(packed, 'fn main'), lineOf(source, 'fn main'));
  assert.not.match(packed, /\/\/|colours|let row be/);
});

test('knobs, Params and bindings are marks, element types nothing', () => {
  assert.equal(packed.split('\n').slice(0, 11), [
    ...['', '#', `const ${short('QUADS')}=SIZE/4u;`, '#'],
    `struct Window{first:u32,x:f32,${short('centre')}:vec4f}`,
    ...['', `alias ${short('Stored')}=vec4<XElement>;`, '#', '#', '#'],
    `var<workgroup>${short('tile')}:array<vec4f,${short('QUADS')}>;`,
  ]);
});

test('what JavaScript names, builtins, attributes, numbers and components keep their names', () => {
  for (const name of [
    'SIZE',
    'params',
    'x',
    'y',
    'main',
    'Params',
    'Window',
    'XElement',
    'max',
    'length',
    'vec4f',
    'f32',
  ]) {
    assert.is(short(name), undefined, name);
  }
  assert.match(packed, /^@compute @workgroup_size\(SIZE\)$/m);
  assert.match(packed, /@builtin\(global_invocation_id\)\w{1,2}:vec3u,@builtin\(local_invocation_index\)/);
  assert.match(packed, /=1e-5f\*f32\(0x1fu\);/);
  assert.match(packed, /\.wzyx;/);
});

test('members have one name where they are declared and used, unless parameters or components have it', () => {
  assert.match(packed, new RegExp(`x\\[\\w+\\]\\.${short('centre')},`));
  assert.match(packed, /\+x\[\w+\]\.x\*/);
  assert.match(packed, /=params\.start\+/);
  assert.is(short('first'), undefined);
});

test('a shadow stays a shadow, also across the library', () => {
  const [row, step] = [short('row'), short('step')];
  assert.match(packed, new RegExp(`^let ${row}=params`, 'm'));
  assert.match(packed, new RegExp(`var ${step}=`));
  assert.match(packed, new RegExp(`\\{let ${row}=${row}\\+1u;${step}\\+=f32\\(${row}\\);\\}`));
  const text = pack(library, names);
  assert.is(
    text,
    `\nfn ${short('scaled')}(${short('v')}:vec4f,${step}:f32)->vec4f{\nlet ${short('SIZE4')}=${step};\n` +
      `return max(${short('v')},vec4f(${short('SIZE4')}))*params.first;\n}\n`,
  );
});

test('the most frequent name of the page is the shortest, and the same text gives the same names', () => {
  const of = (name: string) => [`fn main() { let ${name} = 1u; ${`f(${name});`.repeat(9)} }`];
  assert.equal(
    [...shortNames([of('often')], [of('another')]).names],
    [
      ['often', 'a'],
      ['another', 'b'],
    ],
  );
  assert.equal([...shortNames([[source, library]]).names], [...shortNames([[source, library]]).names]);
});

const builtin = 'fn main() { let edge = step(0.5, 1.0); }';
const local = 'fn main() { let step = 1u; let own = step; }';
const sum = 'fn add(a: u32) -> u32 { var step = a; return step; }';

test('a name that is a word of another shader of the page stays', () => {
  const both = shortNames([[local], [builtin]]);
  assert.equal([...both.names.keys()].sort(), ['edge', 'own']);
  assert.match(packShader([local], both), /let step=1u;let \w=step;/);
});

test('a word of a shader outside the page stays there, and in libraries of it', () => {
  const apart = shortNames([[local]], [[builtin]]);
  assert.match(packShader([local], apart), /let (\w)=1u;let \w=\1;/);
  assert.match(packShader([builtin], apart), /=step\(0\.5,1\.0\)/);
  const shared = shortNames([[local, sum]], [[builtin, sum]]);
  assert.match(packShader([local, sum], shared), /let step=1u/);
  assert.match(pack(sum, shared), /var step=/);
  assert.match(packShader([builtin, sum], shared), /=step\(0\.5,1\.0\)/);
});

test('in all shaders names change one to one, and only names that a shader declares', () => {
  const read = (file: string) => readFileSync(`shaders/${file}`, 'utf8');
  const files = readdirSync('shaders').filter((file) => file.endsWith('.wgsl'));
  const shaders = files.map((file) => {
    const libraries = /^\/\/ lib:(.*)$/m.exec(read(file))?.[1]?.match(/\w+/g) ?? [];
    return [read(file), ...libraries.map((name) => read(`lib/${name}.wgsl`))];
  });
  const half = shaders.length >> 1;
  const short = shortNames(shaders.slice(0, half), shaders.slice(half));
  const none = { names: new Map<string, string>(), members: new Set<string>() };
  const words = (text: string) => text.match(/\w+|[^\w\s]/g) ?? [];
  for (const texts of shaders) {
    const [, ...libraries] = texts;
    const long = words(texts.map((text) => pack(text, none)).join('\n'));
    const brief = words([packShader(texts, short), ...libraries.map((text) => pack(text, short))].join('\n'));
    assert.is(long.length, brief.length);
    const there = new Map(long.map((word, i) => [word, brief[i]]));
    const back = new Map(brief.map((word, i) => [word, long[i]]));
    const context = (i: number) => `${long.slice(i - 5, i + 5).join(' ')} -> ${brief.slice(i - 5, i + 5).join(' ')}`;
    long.forEach((word, i) => {
      const component = long[i - 1] === '.' && /^[xyzwrgba]{1,4}$/.test(word);
      if (component) assert.is(brief[i], word);
      else assert.ok(there.get(word) === brief[i] && back.get(brief[i]!) === word, context(i));
    });
  }
});

test('needless spaces go, lines and operators stay apart', () => {
  assert.is(
    squeeze('const N : u32 = 4u ;\n\nlet y = - a - -b * ( c & &d ) ;'),
    'const N:u32=4u;\n\nlet y= -a- -b*(c& &d);',
  );
});

test.run();

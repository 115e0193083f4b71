// esbuild plugin: a `.wgsl` import becomes the shader's text plus the facts that wgsl_reflect reads off it.
// A shader that breaks a convention (docs/architecture.md, "A kernel") fails the build with file:line.
// `import fingerprint from 'plumage:fingerprint'` gives a hash of all that kernels and plans are made from; `import
// 'plumage:shaders'` puts the shaders that a page needs beside each other, where gzip finds what they share.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import {
  bindingTypes,
  blankComments,
  halfAlias,
  knobLine,
  pack,
  packShader,
  shortNames,
  squeeze,
} from './wgslText.mjs';

/** @typedef {{ text: string, line: number }} Complaint */

/** @param {boolean} [known] whether what depends on all shaders matters: short names, order @returns {import('esbuild').Plugin} */
export function wgslPlugin(known = true) {
  return {
    name: 'wgsl',
    setup(build) {
      const all = known ? readOnce : () => ({ page: [], short: shortNames([]) });
      build.onResolve({ filter: /^plumage:/ }, (args) => ({ path: args.path.slice(8), namespace: 'plumage' }));
      build.onLoad({ filter: /^shaders$/, namespace: 'plumage' }, async () => ({
        contents: (await all()).page.map((file) => `import './${file}';`).join('\n'),
        resolveDir: root,
      }));
      build.onLoad({ filter: /^fingerprint$/, namespace: 'plumage' }, async () => ({
        contents: `export default '${await fingerprint()}'`,
      }));
      build.onLoad({ filter: /\/lib\/\w+\.wgsl$/ }, async ({ path: file }) => {
        const text = pack(await readFile(file, 'utf8'), (await all()).short);
        return { contents: `export default ${JSON.stringify(`\n${text}`)}` };
      });
      build.onLoad({ filter: /\.wgsl$/ }, async ({ path: file }) => {
        const { texts, libraries } = await readShader(file);
        const [source = '', ...rest] = texts;
        const { shader, complaints } = reflect(path.basename(file, '.wgsl'), source, rest);
        const where = path.relative(process.cwd(), file);
        return {
          contents: shader && moduleOf(shader, packShader(texts, (await all()).short), libraries),
          loader: 'js',
          resolveDir: root,
          watchFiles: [file, ...libraries],
          errors: complaints.map(({ text, line }) => ({
            text,
            location: { file: where, line, column: 0, lineText: source.split('\n')[line - 1] ?? '' },
          })),
        };
      });
    },
  };
}

const root = path.join(import.meta.dirname, '..');

/** A shader's text and those of its libraries. @param {string} file */
async function readShader(file) {
  const source = await readFile(file, 'utf8');
  const libraries = libraryNames(source).map((name) => path.join(path.dirname(file), 'lib', `${name}.wgsl`));
  const texts = await Promise.all(libraries.map((library) => readFile(library, 'utf8')));
  return { texts: [source, ...texts], libraries };
}

/** @type {ReturnType<typeof readAll> | undefined} */
let reading;

/** For all bundles of a process, which changes no shader. */
function readOnce() {
  reading ??= readAll();
  return reading;
}

/** Which shaders a page has, and the short names of all. */
async function readAll() {
  const page = await pageShaders();
  const names = (await readdir(path.join(root, 'shaders'))).filter((name) => name.endsWith('.wgsl')).sort();
  const others = names.map((name) => `shaders/${name}`).filter((file) => !page.includes(file));
  const read = async (/** @type {string} */ file) => (await readShader(path.join(root, file))).texts;
  return { page, short: shortNames(await Promise.all(page.map(read)), await Promise.all(others.map(read))) };
}

/**
 * The facts as short text that src/kernels/shader.ts unpacks: half the size of JSON in the page's bundle. What is usual, u32
 * and 1, is left out.
 * @param {NonNullable<ReturnType<typeof reflect>['shader']>} shader
 * @param {string} text
 * @param {string[]} libraries
 */
function moduleOf({ name, knobs, bindings, params }, text, libraries) {
  /** @param {(string | number | undefined)[][]} rows */
  const pack = (rows) => JSON.stringify(rows.map((row) => row.join(' ').trim()).join(';'));
  /** @param {string} type */
  const unusual = (type) => (type === 'u32' ? '' : type);
  const values = [
    JSON.stringify(name),
    [JSON.stringify(text), ...libraries.map((_, i) => `library${i}`)].join('+'),
    pack(knobs.map((k) => [k.name, k.default, unusual(k.type)])),
    pack(bindings.map((b) => [b.name, b.access, squeeze(b.type)])),
    pack(params.map((p) => [p.name, unusual(p.type)])),
  ];
  return [
    ...libraries.map((file, i) => `import library${i} from ${JSON.stringify(file)};`),
    `import { unpack } from './src/kernels/shader.ts'; export default /* @__PURE__ */ unpack(${values.join()})`,
  ].join('\n');
}

/** Shaders that `import * from 'plumage'` needs. Any other, imported here, would land in the chunk that pages load. */
async function pageShaders() {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    stdin: { contents: `export * from './src/index.ts'`, resolveDir: root },
    bundle: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
    plugins: [wgslPlugin(false)],
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs
    .flatMap(([file, { bytesInOutput }]) => (/^shaders\/\w+\.wgsl$/.test(file) && bytesInOutput ? [file] : []))
    .sort();
}

/** Changes when a shader, a kernel, a lowering or the package's version does. */
async function fingerprint() {
  const files = ['package.json'];
  for (const folder of ['shaders', 'src/kernels', 'src/graph']) {
    const names = await readdir(path.join(root, folder), { recursive: true });
    files.push(...names.filter((name) => /\.(wgsl|ts)$/.test(name)).map((name) => path.join(folder, name)));
  }
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(await readFile(path.join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Names in the header's `// lib: a, b` line; each is a file in shaders/lib. @param {string} source */
function libraryNames(source) {
  const line = /^\/\/ lib:(.*)$/m.exec(source)?.[1] ?? '';
  return line.split(/[\s,]+/).filter(Boolean);
}

/** @param {string} binding */
const elementAlias = (binding) => `${binding.slice(0, 1).toUpperCase()}${binding.slice(1)}Element`;

/** The alias of a binding's element type, if it has one. @param {string} code @param {string} binding */
function aliasOf(code, binding) {
  const alias = elementAlias(binding);
  return code.split('\n').some((line) => halfAlias.exec(line)?.[1] === alias) ? alias : undefined;
}

/**
 * Facts of one shader, and where it breaks the conventions.
 * @param {string} name
 * @param {string} source
 * @param {string[]} libraries
 */
export function reflect(name, source, libraries = []) {
  /** @type {Complaint[]} */
  const complaints = [];
  const complain = (/** @type {string} */ text, line = 1) => complaints.push({ text, line });
  if (!/^\/\/ \S/.test(source)) complain('a shader starts with a comment that says what it computes, with shapes');

  const code = [source, ...libraries].map(blankComments).join('\n');
  const lines = code.split('\n');
  const lineOf = (/** @type {RegExp} */ pattern) => Math.max(1, lines.findIndex((l) => pattern.test(l)) + 1);
  const knobs = code.split('\n').flatMap((line, index) => {
    if (line.startsWith('override')) complain('a knob is a const: const NAME = 64u;', index + 1);
    const match = knobLine.exec(line);
    return match ? [knobOf(match)] : [];
  });
  for (const knob of knobs) {
    const uses = code.match(new RegExp(`\\b${knob.name}\\b`, 'g'))?.length ?? 0;
    if (uses < 2) complain(`knob ${knob.name} is never used`, lineOf(new RegExp(`\\b${knob.name}\\b`)));
  }

  /** @type {WgslReflect} */
  let facts;
  try {
    facts = new WgslReflect(code);
  } catch (error) {
    const { message, token } = /** @type {{ message?: string, token?: { line?: number } }} */ (error);
    complain(`does not parse: ${message ?? error}`, token?.line ?? 1);
    return { shader: undefined, complaints };
  }
  if (facts.entry.compute.length !== 1 || facts.entry.compute[0]?.name !== 'main') {
    complain('expected one compute entry point named main', lineOf(/@compute|fn main/));
  }
  const types = bindingTypes(code);
  const bindings = facts
    .getBindGroups()
    .flatMap((group, index) => (group ?? []).map((resource) => ({ index, resource })))
    .sort((a, b) => a.resource.binding - b.resource.binding)
    .map(({ index, resource }) => {
      const at = lineOf(new RegExp(`var<[^>]*>\\s*${resource.name}\\b`));
      if (index !== 0) complain(`binding ${resource.name} is in group ${index}, expected group 0`, at);
      const half = aliasOf(code, resource.name);
      const type = types.get(resource.name) ?? '';
      if (!type)
        complain(`binding ${resource.name} is not like @group(0) @binding(0) var<storage, read> x: array<f32>;`, at);
      return {
        at,
        resource,
        binding: { name: resource.name, access: accessOf(resource), type, ...(half && { half }) },
      };
    });
  lines.forEach((line, index) => {
    const alias = halfAlias.exec(line)?.[1];
    if (!alias) return;
    const users = [...types].flatMap(([name, type]) => (type.match(/\w+/g)?.includes(alias) ? [name] : []));
    if (users.length === 1 && alias === elementAlias(users[0] ?? '')) return;
    const names = users.join(', ') || 'none';
    complain(`alias ${alias} is the element type of one binding, x of XElement, got ${names}`, index + 1);
  });
  const rank = { uniform: 0, read: 1, write: 2 };
  bindings.forEach(({ at, resource, binding }, i) => {
    if (resource.binding !== i)
      complain(`bindings are numbered 0, 1, 2 ..., got ${resource.binding} for ${binding.name}`, at);
    const before = bindings[i - 1]?.binding;
    if (before && rank[before.access] > rank[binding.access]) {
      complain(
        `order of bindings is params, what is read, what is written: ${binding.name} comes after ${before.name}`,
        at,
      );
    }
    if (binding.access === 'uniform' && binding.type !== 'Params') {
      complain(`the uniform block is a struct named Params, got ${binding.type}`, at);
    }
  });
  if (!bindings.some((b) => b.binding.access === 'write'))
    complain('nothing is written: no read_write storage binding');

  const block = facts.uniforms[0];
  const params = (block?.members ?? []).map((m) => {
    if (!['u32', 'i32', 'f32'].includes(m.type.name)) {
      complain(`Params.${m.name} is ${m.type.name}, expected u32, i32 or f32`, lineOf(new RegExp(`\\b${m.name}\\b`)));
    }
    return { name: m.name, type: m.type.name, offset: m.offset };
  });
  const paramsSize = block ? Math.ceil(block.size / 16) * 16 : 0;
  return { shader: { name, code, knobs, bindings: bindings.map((b) => b.binding), params, paramsSize }, complaints };
}

/** @param {RegExpExecArray} match */
function knobOf([, name, declared, literal]) {
  const text = literal ?? '';
  const guessed =
    text === 'true' || text === 'false' ? 'bool' : text.endsWith('i') ? 'i32' : /[.ef]/.test(text) ? 'f32' : 'u32';
  const type = declared ?? guessed;
  return { name, type, default: type === 'bool' ? Number(text === 'true') : Number.parseFloat(text) };
}

/** @param {import('wgsl_reflect/wgsl_reflect.module.js').VariableInfo} resource @returns {'uniform' | 'read' | 'write'} */
function accessOf({ resourceType, access }) {
  if (resourceType === 0) return 'uniform';
  return access === 'read_write' ? 'write' : 'read';
}

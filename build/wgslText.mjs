// What becomes of a shader's text on its way into a bundle: comments, spaces, what the facts say anyway and long names go,
// lines stay where they are. Text in, text out: files and facts are wgslPlugin's work.

export const knobLine = /^const\s+(\w+)(?:\s*:\s*(u32|i32|f32|bool))?\s*=\s*(-?[\d.]+(?:e-?\d+)?[uif]?|true|false)\s*;/;

const paramsBlock = /^struct\s+Params\s*\{[^}]*\}/;

const bindingLine = /^@group\(\d+\)\s*@binding\(\d+\)\s*var<([^>]*)>\s*(\w+)\s*:\s*([^;]+);/;

/** The element type of a binding that may hold half values; `specialise` makes it f16. */
export const halfAlias = /^alias (\w+) = f32;/;

const declaration = new RegExp([knobLine, paramsBlock, bindingLine].map(({ source }) => source).join('|'), 'gm');

/** WGSL types of the bindings by name. @param {string} code */
export function bindingTypes(code) {
  const lines = [...code.matchAll(new RegExp(bindingLine.source, 'gm'))];
  return new Map(lines.map(([, , name = '', type = '']) => [name, type]));
}

/** Comments become nothing, lines stay where they are, indentation goes. @param {string} text */
export function blankComments(text) {
  return text
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .join('\n');
}

/**
 * A `#` for each knob, `struct Params` and binding, which `specialise` declares there from the facts, and nothing for the
 * aliases of element types, which it declares with their bindings. @param {string} code
 */
export function markDeclarations(code) {
  return code
    .replace(declaration, (text) => `#${text.replace(/[^\n]/g, '')}`)
    .replace(new RegExp(halfAlias.source, 'gm'), '');
}

/**
 * Spaces that WGSL does not need, without which the page's bundle is smaller. Lines stay where they are; operators stay
 * apart, for `a - -b` is not `a--b`. @param {string} code
 */
export function squeeze(code) {
  return code
    .replace(/(?<=[(){}[\],;:]) +| +(?=[(){}[\],;:])/g, '')
    .replace(/(?<=[\w)\]]) +(?=[-+*/%=<>!&|^])|(?<=[-+*/%=<>!&|^]) +(?=[\w(@])/g, '');
}

/** @param {string} text @param {RegExp} pattern */
const found = (text, pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name);

/** @param {string[]} texts */
const beforeColons = (texts) => texts.flatMap((text) => found(text, /(\w+)\s*:/g));

const component = /^[xyzw]{1,4}$|^[rgba]{1,4}$/;

/** @param {string} text */
const wordsOf = (text) => found(text, /(?<![@\w])([A-Za-z_]\w*)/g);

/**
 * Names that a shader gives to what is its own, and words that stay as they are: its knobs, bindings and parameters,
 * builtins, and members that may be components of a vector.
 * @param {readonly string[]} texts the shader's and its libraries'
 */
function namesOf(texts) {
  const shader = blankComments(texts.join('\n'));
  const code = markDeclarations(shader);
  const facts = [...shader.matchAll(declaration)].flatMap(([text]) => text.match(/\w+/g) ?? []);
  const values = found(code, /\b(?:let\s|const\s|var\s|var<[^>]*>)\s*(\w+)/g);
  const callable = found(code, /\b(?:fn|struct|alias)\s+(\w+)/g);
  const parameters = beforeColons(found(code, /\bfn\s+\w+\s*\(([\s\S]*?)\)\s*(?:->|\{)/g));
  const members = beforeColons(found(code, /\bstruct\s+\w+\s*\{([^}]*)\}/g));
  const own = new Set([...values, ...callable, ...parameters, ...members]);
  const builtins = found(code, /(?<![.@\w])([A-Za-z_]\w*)\s*\(/g).filter((name) => !callable.includes(name));
  const others = wordsOf(code).filter((name) => !own.has(name));
  const components = members.filter((name) => component.test(name));
  return { own, members, stay: new Set(['main', ...facts, ...builtins, ...others, ...components]) };
}

const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const pairs = letters.flatMap((first) => [...letters, ...'0123456789'].map((second) => first + second));
const reserved = ['as', 'do', 'fn', 'if', 'of'];

/** @typedef {{ names: ReadonlyMap<string, string>, members: ReadonlySet<string> }} ShortNames */

/**
 * A short name for each name that shaders give to what is their own: the same for the same name in all shaders, for what
 * shaders share is what gzip lives on, and shortest for the most frequent in those of the page. No two names become one, so
 * scopes and shadows are what they were. A name that has to stay in one shader of the page stays in all, and so does one that
 * has to stay in any shader and stands in a library of it, for a library has one text for all.
 * @param {readonly (readonly string[])[]} page texts of each shader: its own, its libraries'
 * @param {readonly (readonly string[])[]} others
 * @returns {ShortNames}
 */
export function shortNames(page, others = []) {
  const shaders = [...page, ...others].map(namesOf);
  const everywhere = new Set([...reserved, ...shaders.flatMap(({ stay }) => [...stay])]);
  const stay = new Set(shaders.slice(0, page.length).flatMap((shader) => [...shader.stay]));
  others.forEach(([, ...libraries], i) => {
    const words = libraries.flatMap((library) => wordsOf(blankComments(library)));
    for (const name of words) if (shaders[page.length + i]?.stay.has(name)) stay.add(name);
  });
  /** @type {Map<string, number>} */
  const uses = new Map();
  for (const name of page.flat().flatMap((text) => wordsOf(blankComments(text))))
    uses.set(name, (uses.get(name) ?? 0) + 1);
  const own = [...new Set(shaders.flatMap((shader) => [...shader.own]))].filter((name) => !stay.has(name));
  own.sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0) || (a < b ? -1 : 1));
  const free = [...letters, ...pairs].filter((name) => !everywhere.has(name));
  const members = shaders.flatMap((shader) => shader.members).filter((name) => !component.test(name));
  return { names: new Map(own.map((name, i) => [name, free[i] ?? name])), members: new Set(members) };
}

/** A shader's text for a bundle, without its libraries'. @param {readonly string[]} texts @param {ShortNames} short */
export function packShader(texts, short) {
  const { stay } = namesOf(texts);
  return pack(texts[0] ?? '', { ...short, names: new Map([...short.names].filter(([name]) => !stay.has(name))) });
}

/** The text of a library for a bundle. @param {string} source @param {ShortNames} short */
export function pack(source, { names, members }) {
  const code = markDeclarations(blankComments(source));
  return squeeze(
    code.replace(/(?<![@\w])(\.?)([A-Za-z_]\w*)/g, (text, dot, name) =>
      dot && !members.has(name) ? text : dot + (names.get(name) ?? name),
    ),
  );
}

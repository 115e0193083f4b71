// What the build knows about a `.wgsl` file (build/wgslPlugin.mjs reflects it), and the one way to set its knobs.
// No parser ships: everything here works on facts that were checked at build time.

import { mismatch } from '../errors.ts';

export interface Knob {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'f32' | 'bool';
  readonly default: number;
}

export interface Binding {
  readonly name: string;
  readonly access: 'uniform' | 'read' | 'write';
  /** As WGSL has it. */
  readonly type: string;
  /** The alias of the element's scalar type, where the shader can read or write it as f16. */
  readonly half?: string;
}

export interface ParamField {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'f32';
  /** Bytes from the start of the uniform block. */
  readonly offset: number;
}

export interface Shader {
  readonly name: string;
  /**
   * WGSL with short names and without comments; line numbers are those of the file, library functions follow at the end. A
   * `#` stands where a knob, `struct Params` or a binding is declared: `specialise` declares them there, in this order.
   */
  readonly code: string;
  readonly knobs: readonly Knob[];
  /** In binding order: the uniform block if there is one, then what is read, then what is written. */
  readonly bindings: readonly Binding[];
  /** Fields of `struct Params`, and its size in bytes; both empty where the shader has none. */
  readonly params: readonly ParamField[];
  readonly paramsSize: number;
}

/** A shader from the text that the build makes of its facts: rows between semicolons, words between blanks. */
export function unpack(name: string, code: string, knobs: string, bindings: string, params: string): Shader {
  const rows = (text: string) => (text ? text.split(';').map((row) => row.split(' ')) : []);
  const fields = rows(params).map(([name, type = 'u32'], i) => ({ name, type, offset: 4 * i }));
  const made = {
    knobs: rows(knobs).map(([name, usual, type = 'u32']) => ({ name, type, default: Number(usual) })),
    bindings: rows(bindings).map(([name, access, type]) => ({
      name,
      access,
      type,
      half: type!.match(/\w+Element/)?.[0],
    })),
    params: fields,
  };
  return {
    name,
    code,
    paramsSize: 16 * Math.ceil(fields.length / 4),
    ...(made as Pick<Shader, 'knobs' | 'bindings' | 'params'>),
  };
}

export type Knobs = Readonly<Record<string, number>>;

/**
 * The shader's text for these knob values, with `half` naming the bindings that hold f16; unknown names and wrong types are
 * refused. A knob that stands in `struct Params` is set at run time: one pipeline serves all its values.
 */
export function specialise(shader: Shader, knobs: Knobs, half: readonly string[] = []): string {
  const { bindings, params } = shader;
  const where = `shaders/${shader.name}.wgsl`;
  for (const name of Object.keys(knobs)) {
    if ([...shader.knobs, ...params].some((known) => known.name === name)) continue;
    const known = shader.knobs.map((knob) => knob.name).join(', ') || 'none';
    throw mismatch('internal', where, 'knob', name, `one of ${known}`);
  }
  for (const name of half) {
    if (!bindings.some((binding) => binding.name === name && binding.half))
      throw mismatch('internal', where, `binding ${name}`, 'f16', 'f32');
  }
  const declarations = [
    ...shader.knobs.map((knob) => `const ${knob.name}=${literalOf(shader, knob, knobs[knob.name] ?? knob.default)};`),
    ...(params.length > 0 ? [`struct Params{${params.map(({ name, type }) => `${name}:${type}`).join()}}`] : []),
    ...bindings.map(({ name, access, type, half: alias }, i) => {
      const element = alias ? `alias ${alias}=${half.includes(name) ? 'f16' : 'f32'};` : '';
      return `${element}@group(0)@binding(${i})var<${space[access]}>${name}:${type};`;
    }),
  ];
  const code = shader.code.replace(/#/g, () => declarations.shift()!);
  return half.length > 0 ? `enable f16; ${code}` : code;
}

const space = { uniform: 'uniform', read: 'storage', write: 'storage,read_write' };

function literalOf(shader: Shader, knob: Knob, value: number): string {
  const whole = Number.isInteger(value);
  if (knob.type === 'f32' && Number.isFinite(value)) return Number.isSafeInteger(value) ? `${value}.0` : `${value}f`;
  if (knob.type === 'u32' && whole && value >= 0 && value < 2 ** 32) return `${value}u`;
  if (knob.type === 'i32' && whole && Math.abs(value) < 2 ** 31) return `${value}i`;
  if (knob.type === 'bool' && (value === 0 || value === 1)) return value ? 'true' : 'false';
  throw mismatch('internal', `shaders/${shader.name}.wgsl`, `knob ${knob.name}`, value, knob.type);
}

/** The bytes of `struct Params`, laid out as reflected. */
export function packParams(shader: Shader, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(shader.paramsSize);
  const view = new DataView(bytes);
  for (const field of shader.params) {
    const value = values[field.name];
    if (value === undefined) {
      throw mismatch('internal', `shaders/${shader.name}.wgsl`, `parameter ${field.name}`, 'nothing', field.type);
    }
    if (field.type === 'f32') view.setFloat32(field.offset, value, true);
    else if (field.type === 'i32') view.setInt32(field.offset, value, true);
    else view.setUint32(field.offset, value, true);
  }
  return bytes;
}

// What the build knows about a `.wgsl` file (build/wgslPlugin.mjs reflects it), and the one way to set its knobs.
// No parser ships: everything here works on facts that were checked at build time.

import { mismatch } from '../errors.ts';

export interface Knob {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'f32' | 'bool';
  readonly default: number;
  /** `const` knobs are set by replacing the initialiser, `override` knobs by pipeline constants. */
  readonly kind: 'const' | 'override';
}

export interface Binding {
  readonly name: string;
  readonly access: 'uniform' | 'read' | 'write';
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
  /** WGSL with comments blanked out; line numbers are those of the file, library functions follow at the end. */
  readonly code: string;
  readonly knobs: readonly Knob[];
  /** In binding order: the uniform block if there is one, then what is read, then what is written. */
  readonly bindings: readonly Binding[];
  /** Fields of `struct Params`, and its size in bytes; both empty where the shader has none. */
  readonly params: readonly ParamField[];
  readonly paramsSize: number;
}

/** A shader from the text that the build makes of its facts: rows between commas, words between blanks. */
export function unpack(
  name: string,
  code: string,
  knobs: string,
  bindings: string,
  params: string,
  paramsSize: number,
): Shader {
  const rows = (text: string) => (text ? text.split(',').map((row) => row.split(' ')) : []);
  const made = {
    knobs: rows(knobs).map(([name, type, usual, kind = 'const']) => ({ name, type, default: Number(usual), kind })),
    bindings: rows(bindings).map(([name, access, half]) => ({ name, access, ...(half && { half }) })),
    params: rows(params).map(([name, type, offset]) => ({ name, type, offset: Number(offset) })),
  };
  return { name, code, paramsSize, ...(made as Pick<Shader, 'knobs' | 'bindings' | 'params'>) };
}

export type Knobs = Readonly<Record<string, number>>;

/**
 * The shader's text and pipeline constants for these knob values, with `half` naming the bindings that hold f16; unknown
 * names and wrong types are refused. A knob that stands in `struct Params` is set at run time: one pipeline serves all
 * its values.
 */
export function specialise(
  shader: Shader,
  knobs: Knobs,
  half: readonly string[] = [],
): { code: string; constants: Record<string, number> } {
  const constants: Record<string, number> = {};
  let code = shader.code;
  for (const [name, value] of Object.entries(knobs)) {
    if (shader.params.some((field) => field.name === name)) continue;
    const knob = shader.knobs.find((k) => k.name === name);
    if (!knob) {
      const known = shader.knobs.map((k) => k.name).join(', ') || 'none';
      throw mismatch('internal', `shaders/${shader.name}.wgsl`, 'knob', name, `one of ${known}`);
    }
    const literal = literalOf(shader, knob, value);
    if (knob.kind === 'override') constants[name] = value;
    else code = code.replace(new RegExp(`(\\bconst ${name}\\b[^=;]*=\\s*)[^;]+;`), `$1${literal};`);
  }
  for (const name of half) {
    const alias = shader.bindings.find((binding) => binding.name === name)?.half;
    if (!alias) throw mismatch('internal', `shaders/${shader.name}.wgsl`, `binding ${name}`, 'f16', 'f32');
    code = code.replace(new RegExp(`(\\balias ${alias}\\s*=\\s*)f32;`), '$1f16;');
  }
  return { code: half.length > 0 ? `enable f16; ${code}` : code, constants };
}

function literalOf(shader: Shader, knob: Knob, value: number): string {
  const whole = Number.isInteger(value);
  if (knob.type === 'f32' && Number.isFinite(value)) return whole ? `${value}.0` : `${value}f`;
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

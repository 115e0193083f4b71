// Which values of a plan are stored as f16. Everything is computed in f32: a kernel reads an f32 value and writes an f16
// one, or the other way round, so that no value needs to be converted by itself.

import { type Call, isSource, type Node, type Temporary } from './node.ts';

type Value = Node | Temporary;

/** Values end on this many bytes: a vec4, which kernels may read and write past a value's last element. */
const ALIGNMENT = 16;

/**
 * The values that every kernel which touches them can hold as f16 (`Binding.half`). Others stay f32, and so do those
 * `kept` so, inputs and what is uploaded: what people see is f32.
 */
export function halfValues(calls: readonly Call[], kept: readonly Value[]): Set<Value> {
  const half = new Set<Value>();
  const full = new Set<Value>(kept);
  for (const { kernel, buffers } of calls) {
    for (const binding of kernel.shader.bindings) {
      const ref = buffers[binding.name];
      if (ref) (binding.half && !('op' in ref && isSource(ref)) ? half : full).add(ref);
    }
  }
  for (const ref of full) half.delete(ref);
  return half;
}

/** Bytes of a value's memory. */
export const bytesOf = (elements: number, half: boolean): number =>
  ALIGNMENT * Math.ceil(((half ? 2 : 4) * elements) / ALIGNMENT);

// checkKernel: one kernel call on the device against its f64 reference. Inputs are seeded, outputs start as NaN, and
// guard words stand round every buffer.

import * as assert from 'uvu/assert';
import { narrowF16, widenF16 } from '../../src/formats/float16.ts';
import { pipelineFor } from '../../src/gpu/pipelines.ts';
import type { Kernel, Reference } from '../../src/kernels/kernel.ts';
import { type Knobs, packParams } from '../../src/kernels/shader.ts';
import { halfDevice, testDevice } from './device.ts';
import { randomValues } from './random.ts';
import { bounds } from './tolerance.ts';

const GUARD_BYTES = 256; // WebGPU's alignment of binding offsets
const GUARD_WORD = 0xdeadbeef;
const NAN_WORD = 0x7fc00000;
const HALF_NAN_WORD = 0x7e007e00;

export interface KernelCase {
  /**
   * Inputs by binding name instead of seeded ones in [-1, 1). Words of u32 inputs come as Uint32Array. A binding that is
   * written in place starts as what is given here, which the reference gets too; other outputs start as NaN.
   */
  inputs?: Record<string, Float32Array | Uint32Array>;
  params?: Record<string, number>;
  /** Outputs are u32 words that must be equal. */
  exact?: boolean;
  seed?: number;
  /** Bindings that hold f16; their inputs are rounded to it. Needs an adapter that can. */
  half?: readonly string[];
  /** What the scale `sum` means where the reference subtracts: the same computation on these magnitudes, every term added. */
  sums?: (magnitudes: Readonly<Record<string, ArrayLike<number>>>) => Record<string, Float64Array>;
}

/** Runs the kernel and returns its outputs by binding name, raw words; fails when a guard word changed. */
export async function runKernel<K extends Knobs>(
  kernel: Kernel<K>,
  knobs: K,
  inputs: Readonly<Record<string, Float32Array | Uint32Array>>,
  params: Readonly<Record<string, number>> = {},
  half: readonly string[] = [],
): Promise<Record<string, Uint32Array>> {
  const device = await (half.length > 0 ? halfDevice() : testDevice());
  const { gpu } = device;
  const elements = kernel.elements(knobs);
  const pipeline = await pipelineFor(device, kernel.shader, knobs, kernel.name, half);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const made = kernel.shader.bindings.map(({ name, access }) => {
    if (access === 'uniform') {
      const size = kernel.shader.paramsSize;
      const buffer = gpu.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
      gpu.queue.writeBuffer(buffer, 0, packParams(kernel.shader, { ...knobs, ...params }));
      return { name, access, buffer, before: undefined, size };
    }
    const isHalf = half.includes(name);
    const words = Math.max(Math.ceil((elements[name] ?? 0) / (isHalf ? 2 : 1)), 4);
    const before = new Uint32Array(words + (2 * GUARD_BYTES) / 4).fill(GUARD_WORD);
    const data = inputs[name];
    const middle = before.subarray(GUARD_BYTES / 4, GUARD_BYTES / 4 + words);
    if (access === 'write') middle.fill(isHalf ? HALF_NAN_WORD : NAN_WORD);
    if (data && isHalf) halvesOf(middle).set(narrowF16(data as Float32Array));
    else if (data) middle.set(new Uint32Array(data.buffer, data.byteOffset, data.length));
    const buffer = gpu.createBuffer({ size: before.byteLength, usage });
    gpu.queue.writeBuffer(buffer, 0, before);
    return { name, access, buffer, before, size: words * 4 };
  });
  const entries = made.map(({ buffer, before, size }, binding) => ({
    binding,
    resource: before ? { buffer, offset: GUARD_BYTES, size } : { buffer },
  }));
  gpu.pushErrorScope('validation');
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(...kernel.grid(knobs));
  pass.end();
  const reads = made.map(({ buffer, before }) => {
    if (!before) return undefined;
    const read = gpu.createBuffer({
      size: before.byteLength,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.copyBufferToBuffer(buffer, 0, read, 0, before.byteLength);
    return read;
  });
  gpu.queue.submit([encoder.finish()]);
  const problem = await gpu.popErrorScope();
  assert.is(problem, null, `${kernel.name}: ${problem?.message}`);
  const outputs: Record<string, Uint32Array> = {};
  for (const [i, { name, access, before, buffer, size }] of made.entries()) {
    const read = reads[i];
    if (read && before) {
      await read.mapAsync(GPUMapMode.READ);
      const after = new Uint32Array(read.getMappedRange().slice(0));
      const from = GUARD_BYTES / 4;
      const to = from + size / 4;
      const kept = (w: number, at: number) => (access === 'write' && at >= from && at < to) || w === before[at];
      assert.ok(after.every(kept), `${kernel.name}: wrote outside ${name}`);
      if (access === 'write')
        outputs[name] = unpack(after.subarray(from, to), elements[name] ?? 0, half.includes(name));
      read.destroy();
    }
    buffer.destroy();
  }
  return outputs;
}

const halvesOf = (words: Uint32Array): Uint16Array => new Uint16Array(words.buffer, words.byteOffset, 2 * words.length);

/** The first `count` values as words of f32; those of f16 after them must be as they were. */
function unpack(words: Uint32Array, count: number, isHalf: boolean): Uint32Array {
  if (!isHalf) return words.subarray(0, count);
  const halves = halvesOf(words);
  assert.ok(
    halves.subarray(count).every((bits) => bits === HALF_NAN_WORD >> 16),
    'wrote past the last f16',
  );
  return new Uint32Array(widenF16(halves.slice(0, count)).buffer);
}

/** Runs `kernel` and compares every output with the reference within the tolerance table's bound. */
export async function checkKernel<K extends Knobs>(
  kernel: Kernel<K>,
  reference: Reference<K>,
  knobs: K,
  { inputs: given = {}, params = {}, exact = false, seed = 1, half = [], sums: sumsOf }: KernelCase = {},
): Promise<void> {
  const elements = kernel.elements(knobs);
  const reads = kernel.shader.bindings.filter((b) => b.access === 'read' || (b.access === 'write' && given[b.name]));
  const inputs = Object.fromEntries(
    reads.map(({ name }, i) => {
      const values = given[name] ?? randomValues(elements[name] ?? 0, seed + i);
      return [name, half.includes(name) ? widenF16(narrowF16(values as Float32Array)) : values];
    }),
  );
  const outputs = await runKernel(kernel, knobs, inputs, params, half);
  const all = { ...knobs, ...params } as K;
  const expected = reference(inputs, all);
  const magnitudes = Object.fromEntries(
    Object.entries(inputs).map(([name, data]) => [name, data instanceof Float32Array ? data.map(Math.abs) : data]),
  );
  const sums = exact ? expected : (sumsOf?.(magnitudes) ?? reference(magnitudes, all));
  for (const [name, want] of Object.entries(expected)) {
    const words = outputs[name]!;
    assert.is(words.length, want.length, `${kernel.name}: length of ${name}`);
    const got = exact ? words : new Float32Array(words.buffer, words.byteOffset, words.length);
    const allowed = exact ? want.map(() => 0) : bounds(kernel.name, all, want, sums[name]!, half.includes(name));
    const wrong = want.findIndex((v, i) => !(Math.abs(got[i]! - v) <= allowed[i]! || Object.is(got[i], v)));
    if (wrong < 0) continue;
    const values = `got ${got[wrong]}, expected ${want[wrong]} within ${allowed[wrong]}`;
    assert.unreachable(`${kernel.name} ${JSON.stringify(all)}: ${name}[${wrong}] ${values}`);
  }
}

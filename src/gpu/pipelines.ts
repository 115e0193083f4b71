// Pipelines and their layouts, made from reflected facts and shared by all sessions of a device.

import { PlumageError } from '../errors.ts';
import { type Binding, type Knobs, type Shader, specialise } from '../kernels/shader.ts';
import type { Device } from './device.ts';

const bindingType: Record<Binding['access'], GPUBufferBindingType> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  write: 'storage',
};

/**
 * The pipeline for this shader, these knobs and these bindings of f16; asked for twice it is made once. Rejects with file
 * and line.
 */
export function pipelineFor(
  device: Device,
  shader: Shader,
  knobs: Knobs,
  label: string,
  half: readonly string[] = [],
): Promise<GPUComputePipeline> {
  const code = specialise(shader, knobs, half);
  let pipeline = device.pipelines.get(code);
  if (!pipeline) {
    pipeline = compile(device, shader, code, label);
    device.pipelines.set(code, pipeline);
    pipeline.catch(() => device.pipelines.delete(code));
  }
  return pipeline;
}

async function compile({ gpu }: Device, shader: Shader, code: string, label: string): Promise<GPUComputePipeline> {
  // Its errors are told by the pipeline, or by the module below.
  gpu.pushErrorScope('validation');
  const module = gpu.createShaderModule({ code, label });
  const bindGroupLayout = gpu.createBindGroupLayout({
    label,
    entries: shader.bindings.map(({ access }, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: bindingType[access] },
    })),
  });
  const layout = gpu.createPipelineLayout({ label, bindGroupLayouts: [bindGroupLayout] });
  gpu.popErrorScope().catch(() => {});
  try {
    return await gpu.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: 'main' } });
  } catch (error) {
    const { messages } = await module.getCompilationInfo();
    const first = messages.find((m) => m.type === 'error');
    const at = first ? `:${first.lineNum}:${first.linePos} ${first.message}` : ` ${(error as Error).message}`;
    throw new PlumageError('internal', `shaders/${shader.name}.wgsl${at.split('\n')[0]}`);
  }
}

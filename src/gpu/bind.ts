// The bind group of a dispatch: its uniform block, if it has one, and its buffers in the order of the shader's bindings.

import type { Dispatch } from '../graph/plan.ts';
import { packParams } from '../kernels/shader.ts';

/** `make` creates the uniform buffer, which its caller owns; `all` are the plan's buffers. */
export function bind(
  gpu: GPUDevice,
  { name, kernel, knobs, params, buffers }: Dispatch,
  pipeline: GPUComputePipeline,
  all: readonly GPUBuffer[],
  make: (label: string, size: number, usage: number) => GPUBuffer,
): GPUBindGroup {
  const { shader } = kernel;
  const bound = buffers.map((index) => all[index]!);
  if (shader.paramsSize > 0) {
    const uniform = make(`${name} params`, shader.paramsSize, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    gpu.queue.writeBuffer(uniform, 0, packParams(shader, { ...knobs, ...params }));
    bound.unshift(uniform);
  }
  const entries = bound.map((buffer, binding) => ({ binding, resource: { buffer } }));
  return gpu.createBindGroup({ label: name, layout: pipeline.getBindGroupLayout(0), entries });
}

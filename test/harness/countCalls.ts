// Counts calls of an object's methods by shadowing them: how tests see what the engine creates and submits.

/** Calls by method name from now on; the methods work as before. */
export function countCalls<T extends object>(object: T, ...names: (keyof T & string)[]): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  for (const name of names) {
    const method = object[name] as (...args: unknown[]) => unknown;
    const counted = (...args: unknown[]) => {
      counts[name]!++;
      return method.apply(object, args);
    };
    Object.defineProperty(object, name, { value: counted, configurable: true });
  }
  return counts;
}

/** Everything that a device can create for longer than one run. */
export const creators = [
  'createBuffer',
  'createBindGroup',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
  'createTexture',
  'createSampler',
  'createQuerySet',
] as const satisfies readonly (keyof GPUDevice)[];

/** Labels of the buffers that the device makes from now on and that are not destroyed yet. */
export function liveBuffers(gpu: GPUDevice): Set<string> {
  const live = new Set<string>();
  const create = gpu.createBuffer.bind(gpu);
  let made = 0;
  const tracked = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    const label = `${made++} ${descriptor.label}`;
    live.add(label);
    Object.defineProperty(buffer, 'destroy', {
      value: () => {
        live.delete(label);
        destroy();
      },
    });
    return buffer;
  };
  Object.defineProperty(gpu, 'createBuffer', { value: tracked, configurable: true });
  return live;
}

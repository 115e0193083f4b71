// A device without room, for tests: some of its buffers are not there, and its error scopes say so as a real one's would.

/** From now on, buffers whose label `fails` says yes to fit nowhere. They count for the innermost scope of memory. */
export function noRoom(gpu: GPUDevice, fails: (label: string) => boolean): void {
  const scopes: { readonly filter: GPUErrorFilter; failed: boolean }[] = [];
  const [push, pop, create] = [gpu.pushErrorScope, gpu.popErrorScope, gpu.createBuffer].map((method) =>
    method.bind(gpu),
  ) as [GPUDevice['pushErrorScope'], GPUDevice['popErrorScope'], GPUDevice['createBuffer']];
  const replace = (name: keyof GPUDevice, value: unknown) =>
    Object.defineProperty(gpu, name, { value, configurable: true });
  replace('pushErrorScope', (filter: GPUErrorFilter) => {
    scopes.push({ filter, failed: false });
    push(filter);
  });
  replace('popErrorScope', async () => {
    const failed = scopes.pop()?.failed;
    const error = await pop();
    return failed ? ({ message: 'no room' } as GPUError) : error;
  });
  replace('createBuffer', (descriptor: GPUBufferDescriptor) => {
    const buffer = create(descriptor);
    if (!fails(descriptor.label ?? '')) return buffer;
    const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory');
    if (!scope) throw new Error(`no scope of memory round ${descriptor.label}`);
    scope.failed = true;
    buffer.destroy(); // whoever uses it makes an error, as with one that was never there
    return buffer;
  });
}

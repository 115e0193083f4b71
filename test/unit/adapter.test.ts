// Dawn on the SwiftShader of the npm package: opens with nothing installed, computes, and is reported as software.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PlumageError } from '../../src/errors.ts';
import { type AdapterCandidate, choose, openAdapter, releaseAdapters } from '../../src/node/adapter.ts';

const candidate = (name: string, type: 'gpu' | 'software', embedded = false): AdapterCandidate => ({
  name,
  backend: 'vulkan',
  vendor: name.split(' ')[0]!.toLowerCase(),
  architecture: '',
  description: 'driver 1.2',
  type,
  embedded,
  chosen: false,
  why: '',
});
const some = () => [
  candidate('Nvidia H1', 'gpu'),
  candidate('llvmpipe (LLVM 15)', 'software'),
  candidate('SwiftShader Device', 'software', true),
];

test('the best candidate is chosen, and every other one says why not', () => {
  const report = choose(some());
  assert.is(report.chosen.name, 'Nvidia H1');
  assert.is(report.software, false);
  assert.equal(
    report.candidates.map((each) => each.chosen),
    [true, false, false],
  );
  assert.ok(report.candidates.every((each) => each.why.length > 0));
});

for (const [wanted, name] of [
  ['gpu', 'Nvidia H1'],
  ['software', 'llvmpipe (LLVM 15)'],
  ['lavapipe', 'llvmpipe (LLVM 15)'],
  ['swiftshader', 'SwiftShader Device'],
  ['nvidia', 'Nvidia H1'],
  ['shader dev', 'SwiftShader Device'],
] as const) {
  test(`--adapter ${wanted}`, () => {
    const report = choose(some(), wanted);
    assert.is(report.chosen.name, name);
    assert.is(report.software, name !== 'Nvidia H1');
  });
}

test('an adapter that is not there is one line that names those that are', () => {
  for (const wanted of ['gpu', 'radeon', '']) {
    const software = some().slice(1);
    if (wanted === '') {
      assert.throws(() => choose([], undefined), oneLine(/no adapter.* - (install|update)/));
    } else {
      assert.throws(() => choose(software, wanted), oneLine(/llvmpipe \(LLVM 15\); SwiftShader Device/));
    }
  }
});

test('Dawn multiplies on SwiftShader, and the report names it', async () => {
  const before = { ...process.env };
  const { adapter, report } = await openAdapter({ adapter: 'swiftshader' });
  assert.equal({ ...process.env }, before, 'the environment is as before');
  assert.match(report.chosen.name, /SwiftShader/);
  assert.is(report.software, true);
  const device = await adapter.requestDevice({ requiredFeatures: ['timestamp-query'] });
  const x = new Float32Array([1, 2, 3, 0.5]);
  const y = await triple(device, x);
  assert.equal([...y], [3, 6, 9, 1.5]);
  device.destroy();
});

test('a second opening in the same process works', async () => {
  const { report } = await openAdapter({ adapter: 'software' });
  assert.is(report.software, true);
  releaseAdapters();
});

async function triple(device: GPUDevice, x: Float32Array<ArrayBuffer>): Promise<Float32Array> {
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { x[i] = 3.0 * x[i]; }`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: x.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  const result = device.createBuffer({ size: x.byteLength, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(buffer, 0, x);
  const layout = pipeline.getBindGroupLayout(0);
  const bindGroup = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, result, 0, x.byteLength);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  return new Float32Array(result.getMappedRange().slice(0));
}

function oneLine(pattern: RegExp) {
  return (error: Error) =>
    error instanceof PlumageError &&
    error.code === 'adapter' &&
    !error.message.includes('\n') &&
    pattern.test(error.message);
}

test.run();

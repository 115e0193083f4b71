// Finding and starting a browser: WebGPU works in it, nothing of it is left behind, and bad programs are one clear line.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PlumageError } from '../../src/errors.ts';
import { findBrowser, launchBrowser } from '../../src/node/browser.ts';

const profileOf = (browser: Browser) =>
  browser
    .process()!
    .spawnargs.find((each) => each.startsWith('--user-data-dir='))!
    .split('=')[1]!;

// The tests start this very file again, to see what is left of a browser when its process is ended.
if (process.env.PLUMAGE_TEST_CHILD) {
  const browser = await launchBrowser({ adapter: 'software' });
  console.log(JSON.stringify({ pid: browser.process()!.pid, profile: profileOf(browser) }));
  setInterval(() => {}, 1000);
} else {
  let folder: string;
  const program = async (name: string, script: string) => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  };
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plumage-browser-test-'));
  });
  test.after(() => rm(folder, { recursive: true }));

  test('--browser with what is no browser', async () => {
    const cases = [
      [join(folder, 'missing'), /not a program file/],
      [folder, /not a program file/],
      [await program('silent', 'exit 0'), /not a Chrome or Chromium/],
      [await program('other', 'echo "Mozilla Firefox 140.0"'), /not a Chrome or Chromium/],
      [await program('old', 'echo "Chromium 99.0.1"'), /99\.0\.1 is too old/],
      [await program('broken', 'echo "x.so: cannot open shared object file" >&2; exit 127'), /x\.so: cannot open/],
    ] as const;
    for (const [path, pattern] of cases) await refused(() => findBrowser(path), pattern, path);
  });

  test('a browser that ends at once', async () => {
    const path = await program('ends', 'if [ "$1" = --version ]; then echo "Chromium 147.0"; else exit 1; fi');
    await refused(() => launchBrowser({ path, adapter: 'software' }), /ended at once/, path);
  });

  test('browsers of the system come first; those that do not run are passed over and named', async () => {
    const before = process.env.PATH;
    try {
      process.env.PATH = `${folder}:${before}`;
      const stub = await program('google-chrome', 'echo "install me with snap" >&2; exit 1');
      const good = await program('chromium', 'echo "Chromium 147.1.2 built on Debian"');
      const found = await findBrowser();
      assert.is(found.source, 'system');
      if (found.executablePath !== good) return; // a Chrome at its standard place goes before PATH
      assert.is(found.version, '147.1.2');
      assert.ok(found.refused.some((each) => each.startsWith(`${stub}: does not run`)));
    } finally {
      process.env.PATH = before;
    }
  });

  test('WebGPU multiplies in the browser, in software, and the profile goes with it', async () => {
    const browser = await launchBrowser({ adapter: 'software' });
    const profile = profileOf(browser);
    try {
      const page = await browser.newPage();
      await page.setRequestInterception(true);
      page.on('request', (request) => request.respond({ contentType: 'text/html', body: '' }));
      await page.goto('https://localhost/');
      assert.equal(await page.evaluate(triple, [1, 2, 0.5, 7]), [3, 6, 1.5, 21]);
      assert.ok(existsSync(profile));
    } finally {
      await browser.close();
    }
    assert.not.ok(existsSync(profile));
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`nothing is left running after ${signal}`, async () => {
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
        env: { ...process.env, PLUMAGE_TEST_CHILD: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { pid, profile } = JSON.parse(await firstLine(child));
      assert.ok(isRunning(pid) && existsSync(profile));
      const ended = new Promise<number | null>((done) => child.once('exit', done));
      child.kill(signal);
      assert.is(await ended, { SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal]);
      for (let i = 0; i < 100 && isRunning(pid); i++) await new Promise((done) => setTimeout(done, 100));
      assert.not.ok(isRunning(pid));
      if (signal === 'SIGKILL') await rm(profile, { recursive: true });
      else assert.not.ok(existsSync(profile));
    });
  }

  test.run();
}

async function refused(work: () => Promise<unknown>, pattern: RegExp, path: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, PlumageError, String(error));
    const { code, message } = error as PlumageError;
    assert.is(code, 'adapter');
    assert.not.match(message, /\n/);
    assert.match(message, pattern);
    assert.match(message, path);
    return;
  }
  assert.unreachable(`${path} was taken, expected ${pattern}`);
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    createInterface({ input: child.stdout! }).once('line', done);
    child.once('exit', (code) => fail(new Error(`the child ended with code ${code}`)));
  });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Runs in the page. */
async function triple(values: number[]): Promise<number[]> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { x[i] = 3.0 * x[i]; }`;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const x = new Float32Array(values);
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
  return [...new Float32Array(result.getMappedRange())];
}

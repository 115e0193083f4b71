// A page of the built package in headless Chrome, under a strict policy, for tests that drive it from Node.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { expectedParameters } from '../../src/model/config.ts';
import { launchBrowser } from '../../src/node/browser.ts';
import { type FolderServer, serveFolder } from '../../src/node/serve.ts';
import { configOf } from './configs.ts';
import { hashedModel } from './hashedFinegrained.ts';
import { hashedWeights } from './hashedWeights.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; img-src 'self' blob: data:";

/** The engine's worker, which also says on a channel how many bitmaps it got, and how many of them are open. */
const BITMAPS = `
  import '/engineWorker.js';
  const got = new Set();
  const find = (value) => {
    if (value instanceof ImageBitmap) got.add(value);
    else if (value && typeof value === 'object' && !ArrayBuffer.isView(value)) Object.values(value).forEach(find);
  };
  addEventListener('message', ({ data }) => find(data.argumentList));
  const channel = new BroadcastChannel('bitmaps');
  channel.onmessage = () => channel.postMessage([got.size, [...got].filter(({ width }) => width > 0).length]);
`;

export interface TestSite {
  readonly server: FolderServer;
  readonly browser: Browser;
  /** A page of its own, and what went wrong on it: console errors, and violations of the policy. */
  newPage(): Promise<{ page: Page; problems: string[] }>;
  close(): Promise<void>;
}

/** Serves dist/ and opens a browser. */
export async function openSite(): Promise<TestSite> {
  const folder = mkdtempSync(path.join(tmpdir(), 'plumage-page-'));
  const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>test</title>`;
  writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html><html lang="en">${head}<link rel="icon" href="data:,">`,
  );
  // A service worker that answers every request by asking on.
  writeFileSync(
    path.join(folder, 'passOn.js'),
    'addEventListener("fetch", (event) => event.respondWith(fetch(event.request)));',
  );
  writeFileSync(path.join(folder, 'bitmaps.js'), BITMAPS);
  const server = await serveFolder({ '/': 'dist', '/page': folder });
  const browser = await launchBrowser({ adapter: 'software', path: process.env.PLUMAGE_BROWSER });
  return {
    server,
    browser,
    async newPage() {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      await page.goto(`${server.url}/page/`);
      return { page, problems };
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The smallest models there are, with hashed weights, as f16: 50 MB each, most of them ResNet50. */
export function tinyModel(kind: 'plumage' | 'plain'): Uint8Array {
  const plumage = configOf('tiny', 6);
  const { variant, eps, preprocessing, size, classes } = plumage;
  const config: ModelConfig =
    kind === 'plumage' ? plumage : { model: 'plain', variant, eps, preprocessing, size, classes };
  const tensors =
    kind === 'plumage'
      ? hashedModel(config)
      : hashedWeights(expectedParameters(modelGraph(config, [1, size, size, 3])));
  const metadata = { plumage: JSON.stringify(config) };
  return writeSafetensors({ tensors: new Map(Object.entries(tensors)), metadata }, 'F16');
}

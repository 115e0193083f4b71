// A page of the package's users in headless Chrome: served with the package and a model, complaints of the browser kept.

import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { launchBrowser } from '../../src/node/browser.ts';
import { serveFolder } from '../../src/node/serve.ts';
import { consumer, smallModel } from './consumer.ts';

/** A camera that shows a test picture, and a browser that lets the page have it. */
const FAKE_CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
/** A software adapter on a busy machine compiles for a while. */
const PATIENCE_MS = 120_000;

export interface ExamplePage {
  readonly page: Page;
  /** What the browser complained of so far: errors of scripts, of the policy, of requests. */
  readonly complaints: readonly string[];
  /** The first value that the page logs. */
  logged(): Promise<unknown>;
  /** Text of the first element that matches, once it matches `pattern` too. */
  text(selector: string, pattern: RegExp): Promise<string>;
  close(): Promise<void>;
}

/** Opens index.html of the folder at `/`, beside `model.safetensors` and the package's files. */
export async function openPage(routes: Record<string, string>): Promise<ExamplePage> {
  const { folder } = await consumer();
  const server = await serveFolder({
    '/node_modules/plumage/dist': path.join(folder, 'node_modules/plumage/dist'),
    ...routes,
  });
  server.add('/model.safetensors', smallModel());
  const browser = await launchBrowser({ adapter: 'software', path: process.env.PLUMAGE_BROWSER, flags: FAKE_CAMERA });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => {
    if (!response.ok() && !response.url().endsWith('favicon.ico'))
      complaints.push(`${response.url()}: ${response.status()}`);
  });
  const logged = new Promise<unknown>((resolve) => {
    page.on('console', async (message) => {
      if (message.type() === 'error' && !/favicon/.test(message.location().url ?? '')) complaints.push(message.text());
      else if (message.type() === 'log') resolve(await message.args()[0]?.jsonValue());
    });
  });
  await page.goto(`${server.url}/index.html`);
  return {
    page,
    complaints,
    logged: () => Promise.race([logged, after(PATIENCE_MS, complaints)]),
    text: async (selector, pattern) => {
      const waiting = page.waitForFunction(
        (css, source) => {
          const text = document.querySelector(css)?.textContent ?? '';
          return new RegExp(source).test(text) && text;
        },
        {},
        selector,
        pattern.source,
      );
      const found = await waiting.catch(async () => {
        const shown = await page.$eval('body', ({ textContent }) => textContent);
        throw new Error(`${selector} never read ${pattern}: ${complaints.join('; ')}; the page reads ${shown}`);
      });
      return (await found.jsonValue()) as string;
    },
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

function after(milliseconds: number, complaints: readonly string[]): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new Error(`nothing after ${milliseconds} ms; ${complaints.join('; ')}`)),
      milliseconds,
    ).unref();
  });
}

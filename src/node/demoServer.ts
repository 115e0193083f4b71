// What the demo page is served with: the built page, the models and sample photos that it may choose from, and a strict
// Content-Security-Policy.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Listed, ListedModel } from '../../web/demo/lists.ts';
import { mismatch } from '../errors.ts';
import { type FolderServer, serveFolder } from './serve.ts';

export interface DemoOptions {
  /** The folder of the built page. */
  readonly page: string;
  /** Weights files; the page loads the first one by itself. */
  readonly models: readonly { readonly name: string; readonly file: string }[];
  /** JPEG files. */
  readonly samples: readonly { readonly name: string; readonly file: string }[];
  /** By default a free one. */
  readonly port?: number;
  /** The benchmark, where it is built; the page links to it then. */
  readonly bench?: Bench;
}

/** bench/mount.ts */
export interface Bench {
  routes(): Readonly<Record<string, string>>;
  mount(server: FolderServer): void;
}

/**
 * Serves the demo page on 127.0.0.1: /models.json lists the models with their sha256, /samples.json the sample photos, /links.json other
 * pages. Rejects with code `input` where a file does not exist or the port is taken.
 */
export async function serveDemo(options: DemoOptions): Promise<FolderServer> {
  const routes: Record<string, string> = { '/': options.page, ...options.bench?.routes() };
  const models = await Promise.all(
    options.models.map(async ({ name, file }, i) => {
      const url = `/weights/${i}/${encodeURIComponent(path.basename(file))}`;
      routes[decodeURIComponent(url)] = file;
      return { name, url, ...(await described(file)) } satisfies ListedModel;
    }),
  );
  const samples = options.samples.map(({ name, file }) => {
    // By its folder, for a folder's files get their types.
    routes[`/samples/${name}/`] = path.dirname(file);
    return { name, url: `/samples/${name}/${path.basename(file)}` } satisfies Listed;
  });
  const policy = await contentPolicy(path.join(options.page, 'index.html'));
  // The benchmark runs other engines, which need WebAssembly.
  const free = Object.keys(options.bench?.routes() ?? {});
  const headers = (asked: string) => ({
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    ...(free.some((route) => asked.startsWith(route)) ? undefined : { 'Content-Security-Policy': policy }),
  });
  const server = await serveFolder(routes, { port: options.port, headers });
  server.add('/models.json', Buffer.from(JSON.stringify(models)));
  server.add('/samples.json', Buffer.from(JSON.stringify(samples)));
  options.bench?.mount(server);
  const links: Listed[] = options.bench ? [{ name: 'Benchmark', url: 'bench/bench.html' }] : [];
  server.add('/links.json', Buffer.from(JSON.stringify(links)));
  return server;
}

/** What the page asks for itself, and what only a header can say. */
async function contentPolicy(page: string): Promise<string> {
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(await readFile(page, 'utf8'))?.[1];
  if (policy) return `${policy}; frame-ancestors 'none'`;
  throw mismatch('input', page, 'Content-Security-Policy', 'none', 'one in a meta tag', 'build it again');
}

async function described(file: string): Promise<{ sha256: string; bytes: number }> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw mismatch('input', 'demo', 'weights', file, 'a .safetensors or .pth file');
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return { sha256: hash.digest('hex'), bytes: found.size };
}

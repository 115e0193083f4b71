// A static server for the page and its weights on this machine only: folders by sirv, single files and bytes under
// chosen paths. No directory listing, no writing, no route that the caller did not name.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import sirv from 'sirv';
import { mismatch } from '../errors.ts';

type Content = Uint8Array | string | (() => Promise<Uint8Array>);

export interface FolderServer {
  readonly url: string; // 'http://127.0.0.1:PORT', no slash at the end
  /** Serves bytes, the file at a path, or bytes made when they are first asked for, under `path` ('/weights/0'); returns the whole URL. */
  add(path: string, content: Content): string;
  remove(path: string): void;
  /** Ends open connections and frees the port. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** By default a free one. Rejects with code `input` where another program has it. */
  readonly port?: number;
  /** More headers for answers under a path. */
  readonly headers?: (path: string) => Readonly<Record<string, string>>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const HEADERS = {
  // Isolated pages get fine timers and shared memory.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'no-store',
};

/**
 * Serves `routes` on 127.0.0.1: a URL path to a folder (its files and its index.html) or to a single
 * file, e.g. `{ '/': 'dist', '/weights.safetensors': '/home/me/w.safetensors' }`; the longest match counts. Rejects with
 * code `input` where one does not exist.
 */
export async function serveFolder(
  routes: Readonly<Record<string, string>>,
  { port = 0, headers }: ServeOptions = {},
): Promise<FolderServer> {
  const files = new Map<string, Content>();
  const folders: { prefix: string; handle: Handler }[] = [];
  for (const [path, target] of Object.entries(routes)) {
    if (!existsSync(target)) throw mismatch('input', 'serveFolder', path, target, 'a folder or file that exists');
    const prefix = path.endsWith('/') ? path : `${path}/`;
    if (statSync(target).isFile()) files.set(path, resolve(target));
    else folders.push({ prefix, handle: sirv(resolve(target), { dev: true }) });
  }
  folders.sort((a, b) => b.prefix.length - a.prefix.length);

  const answer: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = decodedPath(request.url ?? '');
    for (const [name, value] of Object.entries(headers?.(path ?? '') ?? {})) response.setHeader(name, value);
    const content = path === undefined ? undefined : files.get(path);
    const folder = folders.find(({ prefix }) => path?.startsWith(prefix));
    if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405);
    else if (path === undefined) refuse(response, 400);
    else if (typeof content === 'function') {
      const made = content();
      files.set(path, () => made);
      made.then((bytes) => send(request, response, bytes)).catch(() => refuse(response, 500));
    } else if (content !== undefined) send(request, response, content);
    else if (folder) {
      request.url = encodeURI(path.slice(folder.prefix.length - 1)); // sirv itself keeps to its folder
      request.headers.range = undefined; // sirv reads from where it says, past the end too, and nobody here needs it
      response.once('pipe', (file: Readable) => file.once('error', () => response.destroy())); // sirv listens to none
      folder.handle(request, response, () => refuse(response, 404));
    } else refuse(response, 404);
  };
  const server = createServer((request, response) => {
    try {
      answer(request, response);
    } catch {
      refuse(response, 500); // a file that cannot be looked at: no request ends the program
    }
  });
  const url = await listen(server, port);
  return {
    url,
    add: (path, content) => {
      files.set(path, content);
      return url + path;
    },
    remove: (path) => files.delete(path),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function decodedPath(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split(/[?#]/)[0]!);
  } catch {
    return undefined; // malformed
  }
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((done, fail) => {
    server.once('error', (error) => {
      fail(mismatch('input', 'serveFolder', 'port', `${port}, ${error.message}`, 'a free one', 'name another'));
    });
    server.listen(port, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function send(request: IncomingMessage, response: ServerResponse, content: Uint8Array | string): void {
  const size = typeof content === 'string' ? statSync(content, { throwIfNoEntry: false })?.size : content.length;
  if (size === undefined) {
    refuse(response, 404);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  if (request.method === 'HEAD') response.end();
  else if (typeof content === 'string') pipeline(createReadStream(content), response, () => {});
  else response.end(content);
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status}\n`);
}

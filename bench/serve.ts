// `npm run bench -- --serve`: the benchmark's page for any browser on this machine.

import { serveFolder } from '../src/node/serve.ts';
import { mount, routes } from './mount.ts';

/** Serves until Ctrl-C. */
export async function serveUntilInterrupted(): Promise<void> {
  const server = await serveFolder(routes());
  mount(server);
  console.log(`${server.url}/bench/bench.html - open it in a browser on this machine; Ctrl-C ends`);
  await new Promise<void>((done) => process.once('SIGINT', () => done()));
  await server.close();
}

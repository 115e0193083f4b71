// `npm run bench -- --serve`: the benchmark's page for any browser on this machine.

import { casesOf } from './cases.ts';
import { Files } from './chrome.ts';

/** Serves until Ctrl-C. */
export async function serveUntilInterrupted(): Promise<void> {
  const files = await Files.serve();
  for (const suite of ['resnet50', 'finegrained']) {
    for (const each of casesOf(suite, false, new Map())) await files.spec(each);
  }
  console.log(`${files.server.url}/bench - open it in a browser on this machine; Ctrl-C ends`);
  await new Promise<void>((done) => process.once('SIGINT', () => done()));
  await files.server.close();
}

// The benchmark's page under another server, as `plumage demo` has it.

import type { FolderServer } from '../src/node/serve.ts';
import { casesOf } from './cases.ts';
import { Files } from './chrome.ts';

/** The folders to serve. */
export const routes = (): Record<string, string> => Files.routes('/bench');

/** Puts what cases opened by hand need in its place. */
export function mount(server: FolderServer): void {
  const files = new Files(server);
  for (const suite of ['resnet50', 'finegrained']) {
    for (const each of casesOf(suite, false, new Map())) files.spec(each);
  }
}

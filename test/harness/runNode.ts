// Runs a GPU test bundle on Dawn in Node: `node dist/test/node.mjs BUNDLE [ADAPTER]`.

import { pathToFileURL } from 'node:url';
import { openAdapter, releaseAdapters } from '../../src/node/adapter.ts';

const [bundle, adapter] = process.argv.slice(2);
const { report } = await openAdapter({ adapter });
console.log(`Dawn in Node on ${report.chosen.name}`);
globalThis.plumageAdapter = async () => (await openAdapter({ adapter })).adapter;
const { runAll } = (await import(pathToFileURL(bundle!).href)) as { runAll(): Promise<void> };
await runAll();
releaseAdapters();
process.exit(); // devices of failed tests may still be open

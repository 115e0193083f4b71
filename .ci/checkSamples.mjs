// Checks the top-1 of the sample photos in the JSON that `npm start -- --json` printed: `node .ci/checkSamples.mjs FILE`.
import { readFileSync } from 'node:fs';

const expected = {
  'french-alpine-landscape': 'alp',
  'nagasaki-boats': 'dock',
  'dust-bowl-home': 'barn',
  'march-pastoral': 'ram',
};
const { adapter, images } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
let failed = 0;
for (const [name, label] of Object.entries(expected)) {
  const image = images.find((/** @type {{ file: string }} */ { file }) => file.includes(name));
  const got = image?.top?.[0]?.label ?? image?.error ?? 'no answer';
  if (got !== label) failed++;
  console.log(`${got === label ? 'ok  ' : 'FAIL'} ${name}: ${got}, expected ${label}`);
}
const total = Object.keys(expected).length;
console.log(`samples on ${adapter}: ${total - failed} of ${total} right`);
process.exit(failed ? 1 : 0);

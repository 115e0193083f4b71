// node server.js MODEL [PORT]: POST a JPEG, PNG, WebP, AVIF or GIF, get what is on it as JSON.
//   curl --data-binary @bird.jpg http://localhost:8080/?top=3
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { open, PlumageError } from 'plumage';
import { decodePhoto, openAdapter } from 'plumage/node';

const [file = 'model.safetensors', port = '8080'] = process.argv.slice(2);
const LARGEST = 20e6; // bytes of a photo

const { adapter } = await openAdapter();
const engine = await open({ adapter });
const model = await engine.load(await readFile(file), { where: file });

const server = createServer(async (request, response) => {
  const reply = (/** @type {number} */ status, /** @type {object} */ body) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  if (request.method !== 'POST') return reply(405, { error: 'POST a photo' });
  if (!(Number(request.headers['content-length']) <= LARGEST)) return reply(413, { error: 'photo: 20 MB at most' });
  try {
    const top = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('top') ?? 5);
    const photo = await decodePhoto(await buffer(request));
    const { predictions, milliseconds } = await model.classify(photo, { top });
    reply(200, { predictions, milliseconds: milliseconds.run });
  } catch (error) {
    if (error instanceof PlumageError && error.code === 'input') return reply(400, { error: error.message });
    console.error(error);
    reply(500, { error: 'internal' });
  }
});

server.listen(Number(port), () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(
    `${model.config.classes.length} classes on ${engine.adapter.name}: POST photos to http://localhost:${port}/`,
  );
});

import { open } from 'plumage';

/** The page's element of this kind. @template {keyof HTMLElementTagNameMap} T @param {T} tag */
const the = (tag) => /** @type {HTMLElementTagNameMap[T]} */ (document.querySelector(tag));
const [camera, film, video, output] = [the('button'), the('input'), the('video'), the('output')];

const engine = await open().catch(say);
const model = await engine.load('model.safetensors').catch(say);
output.textContent = `ready, on ${engine.adapter.name}`;
camera.disabled = film.disabled = false;

camera.addEventListener('click', async () => {
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true }).catch(say);
  await video.play();
});
film.addEventListener('change', async () => {
  const file = film.files?.[0];
  if (!file) return;
  video.srcObject = null;
  video.src = URL.createObjectURL(file);
  await video.play().catch(say);
});

let busy = false;
let dropped = 0;
video.requestVideoFrameCallback(frame);

/** One frame is on the device at a time; those that come meanwhile are dropped, so that what is said is of now. */
async function frame() {
  video.requestVideoFrameCallback(frame);
  if (busy) {
    dropped++;
    return;
  }
  busy = true;
  try {
    const { predictions, milliseconds } = await model.classify(video, { top: 3 });
    const classes = predictions.map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`);
    output.textContent = `${classes.join(', ')}; ${milliseconds.run.toFixed(0)} ms a frame, ${dropped} dropped`;
  } finally {
    busy = false;
  }
}

/** Errors of the engine are one line, fit to be shown. @param {Error} error @returns {never} */
function say(error) {
  output.textContent = error.message;
  throw error;
}

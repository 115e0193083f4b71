import { open } from 'plumage';

/** The page's element of this kind. @template {keyof HTMLElementTagNameMap} T @param {T} tag */
const the = (tag) => /** @type {HTMLElementTagNameMap[T]} */ (document.querySelector(tag));
const [input, status, image, list] = [the('input'), the('output'), the('img'), the('ol')];
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;

try {
  const engine = await open({
    onProgress: ({ stage, done, total }) => {
      status.textContent = total ? `${stage} ${percent(done / total)}` : stage;
    },
  });
  const model = await engine.load('model.safetensors');
  status.textContent = `${model.config.classes.length} classes, on ${engine.adapter.name}`;
  input.disabled = false;

  input.addEventListener('change', async () => {
    const file = input.files?.[0];
    if (!file) return;
    try {
      URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(file);
      const { predictions, milliseconds } = await model.classify(file);
      list.replaceChildren(...predictions.map(item));
      status.textContent = `${milliseconds.run.toFixed(0)} ms`;
    } catch (error) {
      say(error);
    }
  });
} catch (error) {
  say(error);
}

/** @param {import('plumage').Prediction} prediction */
function item({ label, probability }) {
  const line = document.createElement('li');
  line.textContent = `${label} ${percent(probability)}`;
  return line;
}

/** Errors of the engine are one line, fit to be shown. @param {unknown} error */
function say(error) {
  status.textContent = error instanceof Error ? error.message : String(error);
}

// A photo from the camera: on, take, off. What refuses or goes away is said in one line.

import { PlumageError } from '../../src/errors.ts';
import { find } from './dom.ts';

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: "it was refused - allow it in the browser's settings for this page",
  NotFoundError: 'there is none - choose a photo instead',
  NotReadableError: 'another program has it - close that one and try again',
  OverconstrainedError: 'none fits - choose a photo instead',
};

export class Camera {
  readonly #video = find('video', 'video');
  readonly #button = find('button', 'camera');
  readonly #shoot = find('button', 'shoot');
  #stream: MediaStream | undefined;
  /** Counts what was asked for and switched off: an answer of the browser that comes after another of these is too late. */
  #turn = 0;

  constructor(take: (photo: File) => void, fail: (error: unknown) => void) {
    this.#button.addEventListener('click', () => {
      if (this.#stream) this.off();
      else this.#on(fail).catch(fail);
    });
    this.#shoot.addEventListener('click', () => {
      this.#frame().then(take, fail);
      this.off();
    });
  }

  async #on(fail: (error: unknown) => void): Promise<void> {
    if (!navigator.mediaDevices) throw new PlumageError('input', 'camera: not on this page - use https or localhost');
    const turn = ++this.#turn;
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    } catch (error) {
      if (turn !== this.#turn) return;
      const { name, message } = error as Error;
      throw new PlumageError('input', `camera: ${REASONS[name] ?? message}`);
    }
    if (turn !== this.#turn) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.#stream = stream;
    for (const track of stream.getTracks()) {
      track.addEventListener('ended', () => {
        this.off();
        fail(new PlumageError('input', 'camera: it was lost - plug it in and try again, or choose a photo'));
      });
    }
    this.#video.srcObject = stream;
    this.#show(true);
    await this.#video.play();
  }

  off(): void {
    this.#turn++;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
    this.#show(false);
  }

  #show(on: boolean): void {
    this.#video.hidden = !on;
    this.#shoot.hidden = !on;
    find('div', 'stage').classList.toggle('filming', on);
    this.#button.textContent = on ? 'Camera off' : 'Camera';
    if (on) this.#shoot.focus();
  }

  /** What the camera sees now. */
  #frame(): Promise<File> {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width === 0) return Promise.reject(new PlumageError('input', 'camera: no picture yet - try again'));
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')!.drawImage(this.#video, 0, 0);
    return canvas
      .convertToBlob({ type: 'image/jpeg', quality: 0.95 })
      .then((blob) => new File([blob], 'from the camera', { type: blob.type }));
  }
}

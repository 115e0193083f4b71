// ONNX Runtime Web on the CPU, for context.

import * as ort from 'onnxruntime-web/wasm';
import type { Mark, Spec } from '../peers.ts';
import { openOrt } from './ort.ts';

export const open = (spec: Spec, model: Uint8Array, mark: Mark) => openOrt(ort, 'wasm', spec, model, mark);

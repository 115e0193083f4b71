// ONNX Runtime Web with its WebGPU provider.

import * as ort from 'onnxruntime-web/webgpu';
import type { Mark, Spec } from '../peers.ts';
import { openOrt } from './ort.ts';

export const open = (spec: Spec, model: Uint8Array, mark: Mark) => openOrt(ort, 'webgpu', spec, model, mark);

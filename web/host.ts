// The page's side of `--runtime chrome`: the engine's calls with arguments that can cross from Node, bytes by address.

import type { Photo } from '../src/data/decode.ts';
import { type Engine, open } from '../src/engine/engine.ts';
import type { Model } from '../src/engine/model.ts';
import { measurePeak } from '../src/gpu/ceilings.ts';
import { printPlan } from '../src/graph/print.ts';
import type { Precision } from '../src/graph/target.ts';
import type { Tensor } from '../src/graph/tensor.ts';
import { type Answer, answer } from '../src/worker/messages.ts';

export interface PlainTensor {
  readonly shape: readonly number[];
  readonly base64: string;
}

let engine: Engine;
let model: Model;

const api = {
  async open(precision?: Precision) {
    engine = await open({ precision });
    return engine.adapter;
  },
  async load(url: string, where: string) {
    model = await engine.load(url, { where });
    return model.config;
  },
  prepare: async (url: string, width: number, height: number) => model.prepare(await photo(url, width, height)),
  classify: async (url: string, width: number, height: number, top: number) =>
    (await model.classify(await photo(url, width, height), { top })).predictions,
  outputs: async (url: string, width: number, height: number, names: string[]) =>
    plain(await model.outputs(await photo(url, width, height), names)),
  profile: async (url: string, width: number, height: number) => ({
    peak: await measurePeak(engine.device),
    layers: await model.profile(await photo(url, width, height)),
  }),
  plan: async () => printPlan(model.plan()),
  async run(url: string, shape: number[]): Promise<Record<string, PlainTensor>> {
    return plain(await model.run({ shape, data: new Float32Array(await bytes(url)) }));
  },
  async attention(url: string, width: number, height: number) {
    const { crop, maps } = await model.classify(await photo(url, width, height), { maps: true });
    return { crop, maps: await plain(maps!) };
  },
};

export type HostApi = typeof api;

async function bytes(url: string): Promise<ArrayBuffer> {
  return (await fetch(url)).arrayBuffer();
}

async function photo(url: string, width: number, height: number): Promise<Photo> {
  return { width, height, data: new Uint8Array(await bytes(url)) };
}

async function plain(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, PlainTensor>> {
  const entries = Object.entries(tensors).map(async ([name, { shape, data }]) => {
    return [name, { shape, base64: await base64(data) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function base64(data: Float32Array): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(',')[1] ?? '');
    reader.readAsDataURL(new Blob([data as Float32Array<ArrayBuffer>]));
  });
}

declare global {
  var plumageHost: { call(method: string, args: unknown[]): Promise<Answer<unknown>> };
}

globalThis.plumageHost = {
  call: (method, args) =>
    answer(() => (api[method as keyof HostApi] as (...values: unknown[]) => Promise<unknown>)(...args)),
};

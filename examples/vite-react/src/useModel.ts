import { open, type Progress, type WorkerModel } from 'plumage/worker';
import { useEffect, useState } from 'react';

export type Loading = { model: WorkerModel } | { error: string } | { progress: string };

/** The network of a weights file, in a worker of its own, for as long as the component is there. */
export function useModel(address: string): Loading {
  const [state, setState] = useState<Loading>({ progress: 'starting' });
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    const onProgress = ({ stage, done, total }: Progress) =>
      setState({ progress: total ? `${stage} ${Math.round((100 * done) / total)} %` : stage });
    const load = async () => {
      const engine = await open({ onProgress, signal });
      signal.addEventListener('abort', () => engine.dispose());
      setState({ model: await engine.load(address) });
    };
    load().catch((error: Error) => signal.aborted || setState({ error: error.message }));
    return () => ended.abort();
  }, [address]);
  return state;
}

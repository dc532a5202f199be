/** The playground's small internet for a server of a test's own: hints in a file, and settings over it. */
import { ROOT_SERVERS } from '../../src/tools/playground-internet.ts';
import { startInternet } from '../../src/tools/playground-start.ts';
import type { folderOf } from './server.ts';

export interface Machines {
  /** For `recursion`, in a configuration beside the file of hints. */
  readonly recursion: {
    readonly neverQuery: readonly string[];
    readonly rootHints: string;
    readonly upstreamPort: number;
  };
  close(): Promise<void>;
}

export async function startMachines(files: ReturnType<typeof folderOf>): Promise<Machines> {
  const started = await startInternet(0, () => {});
  if (Array.isArray(started)) throw new Error(JSON.stringify(started));
  const hints = ROOT_SERVERS.map(({ name, address }) => `. 60 NS ${name}\n${name} 60 A ${address}\n`);
  files.write('hints', hints.join(''));
  const { upstreamPort } = started;
  return {
    recursion: { neverQuery: [], rootHints: 'hints', upstreamPort },
    close: () => started.close(),
  };
}

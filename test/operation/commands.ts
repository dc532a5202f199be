/** `cairn explain` and `cairn ctl` without processes of their own. */
import { runCtl } from '../../src/tools/ctl.ts';
import { runExplain } from '../../src/tools/explain.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function run(
  socket: string,
  command: 'explain' | 'ctl',
  ...words: readonly string[]
): Promise<Ran> {
  const told = { out: '', err: '' };
  const io = {
    out: (text: string) => void (told.out += text),
    err: (text: string) => void (told.err += text),
  };
  const started = command === 'explain' ? runExplain : runCtl;
  return { code: await started([...words, '--socket', socket], io), ...told };
}

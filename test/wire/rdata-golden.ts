/** The cases of test/golden/rdata/types.txt. */
import { readFileSync } from 'node:fs';
import { typeFromText } from '../../src/wire/codes.ts';
import { unhex } from './rdata-fields.ts';

export interface Golden {
  readonly type: number;
  readonly mnemonic: string;
  readonly written: string;
  readonly wire: Uint8Array;
  readonly canonical: string;
}

const lines = readFileSync(new URL('../golden/rdata/types.txt', import.meta.url), 'utf8').split('\n');

export const goldens: readonly Golden[] = lines.flatMap((line, i) => {
  if (!/^[A-Z]/.test(line)) return [];
  const mnemonic = line.split(' ', 1)[0] as string;
  const type = typeFromText(mnemonic);
  const wire = /^ {2}>\s?(.*)$/.exec(lines[i + 1] ?? '')?.[1];
  const canonical = /^ {2}=\s?(.*)$/.exec(lines[i + 2] ?? '')?.[1];
  if (type === undefined || wire === undefined || canonical === undefined) throw new Error(`golden: ${line}`);
  return [{ type, mnemonic, written: line.slice(mnemonic.length + 1), wire: unhex(wire), canonical }];
});

/**
 * RDATA for worlds, as text that every peer reads. Few values, so that RRsets differ in what they hold and
 * not in what they look like.
 */
import type { Chance } from '../support/chance.ts';

const rdata = {
  A: (chance: Chance) => `192.0.2.${1 + chance.below(8)}`,
  AAAA: (chance: Chance) => `2001:db8::${1 + chance.below(8)}`,
  TXT: (chance: Chance) => `"${chance.pick(['x', 'y', 'a longer text, with a comma'])}" "z"`,
  MX: (chance: Chance, target: () => string) => `${10 * chance.below(3)} ${target()}`,
  SRV: (chance: Chance, target: () => string) => `${chance.below(2)} 5 80 ${target()}`,
  PTR: (_: Chance, target: () => string) => target(),
  CAA: (chance: Chance) => `0 issue "${chance.pick(['ca.test', ';'])}"`,
  NAPTR: (chance: Chance, target: () => string) => `${chance.below(9)} 10 "s" "sip" "" ${target()}`,
  HTTPS: (chance: Chance, target: () => string) =>
    chance.percent(50) ? `0 ${target()}` : `1 ${chance.percent(50) ? '.' : target()} alpn=h2`,
  SVCB: (chance: Chance, target: () => string) => `${1 + chance.below(3)} ${target()} port=853`,
  DS: (chance: Chance) => `${chance.below(9)} 13 2 ${'0123456789abcdef'.repeat(4)}`,
  TYPE65280: (chance: Chance) => `\\# 2 00${10 + chance.below(9)}`,
} as const;

export type RdataType = keyof typeof rdata;

/** DS is not among them: it stands at cuts only. */
export const TYPES_MADE = (Object.keys(rdata) as RdataType[]).filter((type) => type !== 'DS');

export const makeRdata = (type: RdataType, chance: Chance, target: () => string): string =>
  rdata[type](chance, target);

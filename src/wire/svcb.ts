/**
 * Service parameters of SVCB and HTTPS (RFC 9460): keys in rising order, each with a value of a form of its
 * own. A row per key that has a name; any other is `key65400="…"` with free bytes. What hangs together is
 * checked over the whole list: `mandatory` names what is there, `no-default-alpn` needs `alpn`. An alias
 * (priority 0) should have none and its readers ignore them (§2.4.2), which is no reason to refuse the
 * record.
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import { nearest } from '../base/nearest.ts';
import type { Entry } from './entry.ts';
import { type Keys, keyValuesText, scanKeyValues, takeKeyValues } from './key-values.ts';
import type { Kind } from './kind.ts';
import {
  alpn,
  dohPath,
  ech,
  empty,
  freeText,
  hints4,
  hints6,
  keyList,
  port,
  type ValueForm,
} from './svcb-values.ts';

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;

/** IANA dns-svcb. Numbers: RFC 9460 §14.3.2, RFC 9461 §5, RFC 9540 §4. */
const KEYS: readonly (readonly [name: string, form: ValueForm])[] = [
  ['mandatory', keyList(keyText, keyFromText)],
  ['alpn', alpn],
  ['no-default-alpn', empty],
  ['port', port],
  ['ipv4hint', hints4],
  ['ech', ech],
  ['ipv6hint', hints6],
  ['dohpath', dohPath],
  ['ohttp', empty],
];
const formOf = (key: number): ValueForm => KEYS[key]?.[1] ?? freeText;

function keyText(key: number): string {
  return KEYS[key]?.[0] ?? `key${key}`;
}

/** RFC 9460 §2.1: a name, or `key` and the number without leading zeros. */
function keyFromText(text: string): number | undefined {
  const named = KEYS.findIndex(([name]) => name === text);
  if (named >= 0) return named;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  return digits !== undefined && Number(digits) <= 0xffff ? Number(digits) : undefined;
}

const EXPECTED = 'a parameter such as alpn="h2" or key65400="text"';
const keys: Keys = {
  ...{ formOf, textOf: keyText, fromText: keyFromText },
  expected(word) {
    const meant = nearest(
      word,
      KEYS.map(([name]) => name),
    );
    return meant === undefined ? EXPECTED : `${EXPECTED} (did you mean ${meant}?)`;
  },
};

function scan(b: Bytes, at: number, end: number): number {
  if (scanKeyValues(keys, b, at, end) < 0) return -1;
  return missingKey(b, at, end) < 0 ? end : -1;
}

/** A key that must be in this well-formed list and is not, or -1. */
function missingKey(b: Bytes, at: number, end: number): number {
  let i = at;
  if (i < end && u16(b, i) === MANDATORY) {
    const listEnd = i + 4 + u16(b, i + 2);
    i = listEnd;
    // RFC 9460 §8. Both rise, so one pass compares them.
    for (let wanted = at + 4; wanted < listEnd; wanted += 2) {
      while (i < end && u16(b, i) < u16(b, wanted)) i += 4 + u16(b, i + 2);
      if (i >= end || u16(b, i) !== u16(b, wanted)) return u16(b, wanted);
    }
  }
  return needsAlpn(b, at, end) ? ALPN : -1;
}

/** RFC 9460 §7.1.1. */
function needsAlpn(b: Bytes, at: number, end: number): boolean {
  let lastKey = -1;
  for (let i = at; i < end && u16(b, i) <= NO_DEFAULT_ALPN; i += 4 + u16(b, i + 2)) {
    if (u16(b, i) === NO_DEFAULT_ALPN) return lastKey !== ALPN;
    lastKey = u16(b, i);
  }
  return false;
}

function parse(entry: Entry): void {
  const start = entry.length;
  takeKeyValues(keys, entry);
  if (entry.isFaulty) return;
  const missing = missingKey(entry.out, start, entry.length);
  if (missing >= 0) entry.miss(`the parameter ${keyText(missing)}, which another one needs`);
}

export const parameters: Kind = {
  scan,
  print: (b, at, end) => keyValuesText(keys, b, at, end),
  parse,
};

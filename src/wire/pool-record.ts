/**
 * The one field of a POOL record (wire/pool has its layout): a member (an address or a host), a use of
 * another pool, or the options of the pool; and its attributes. Which attributes there are depends on which
 * of these it is, and what hangs together is checked over the whole record.
 */
import type { Bytes } from '../base/bytes.ts';
import { parseIpv4, parseIpv6 } from '../base/ip.ts';
import { nearest } from '../base/nearest.ts';
import { type Entry, type TextField, textOf } from './entry.ts';
import { type Keys, keyValuesText, scanKeyValues, takeKeyValues, unquoted } from './key-values.ts';
import type { Kind } from './kind.ts';
import { ipv4, ipv6 } from './kinds-number.ts';
import { name } from './kinds-text.ts';
import { nameText, parseName } from './name.ts';
import {
  AllDown,
  findAttribute,
  PoolAs,
  PoolKey,
  PoolKind,
  poolAttributesAt,
  poolKind,
  poolSubjectAt,
  Sticky,
} from './pool.ts';
import * as values from './pool-values.ts';
import { alpn, type ValueForm } from './svcb-values.ts';

type Attribute = readonly [key: number, name: string, form: ValueForm];

const ENDPOINT: readonly Attribute[] = [
  [PoolKey.PORT, 'port', values.port],
  [PoolKey.ALPN, 'alpn', alpn],
];
const MEMBER: readonly Attribute[] = [
  [PoolKey.WEIGHT, 'weight', values.weight],
  [PoolKey.TIER, 'tier', values.tier],
  ...ENDPOINT,
  [PoolKey.CHECK, 'check', values.check],
  [PoolKey.GEO, 'geo', values.geo],
  [PoolKey.NET, 'net', values.net],
  [PoolKey.ASN, 'asn', values.asn],
  [PoolKey.NEAR, 'near', values.near],
  [PoolKey.BIAS, 'bias', values.bias],
];
const OPTIONS: readonly Attribute[] = [
  [PoolKey.ANSWERS, 'answers', values.answers],
  [PoolKey.STICKY, 'sticky', values.oneOf({ client: Sticky.CLIENT })],
  [
    PoolKey.ALL_DOWN,
    'all-down',
    values.oneOf({
      'serve-all': AllDown.SERVE_ALL,
      nodata: AllDown.NODATA,
      servfail: AllDown.SERVFAIL,
      'last-good': AllDown.LAST_GOOD,
    }),
  ],
  [PoolKey.AS, 'as', values.oneOf({ cname: PoolAs.CNAME })],
  [PoolKey.EJECT_AT_MOST, 'eject-at-most', values.share],
  [PoolKey.WARM_UP, 'warm-up', values.warmUp],
];
const ALL = [...MEMBER, ...OPTIONS];

function keysOf(attributes: readonly Attribute[], who: string): Keys {
  const forms = new Map(attributes.map(([key, , form]) => [key, form]));
  const names = new Map(attributes.map(([key, word]) => [key, word]));
  const codes = new Map(attributes.map(([key, word]) => [word, key]));
  const known = `one of ${[...codes.keys()].join(', ')} for ${who}`;
  return {
    formOf: (key) => forms.get(key),
    textOf: (key) => names.get(key) ?? '',
    fromText: (word) => codes.get(word),
    expected(word) {
      if (ALL.some(([, other]) => other === word)) return `${known}, not ${word}`;
      const meant = nearest(word, codes.keys());
      return meant === undefined ? known : `${known} (did you mean ${meant}?)`;
    },
  };
}

const memberKeys = keysOf(MEMBER, 'a member');
/** By PoolKind. */
const KEYS: readonly Keys[] = [
  keysOf(OPTIONS, '*'),
  memberKeys,
  memberKeys,
  memberKeys,
  keysOf(ENDPOINT, 'use='),
];
/** Where nobody knows which of these it is. */
const anyKeys = keysOf(ALL, 'a pool');

const EXPECTED = 'an address, a host name, use=NAME, or * for the options of the pool';
const BIAS_ALONE = 'near=LATITUDE,LONGITUDE where there is a bias';

/** Where the subject of that kind ends, or -1. */
function scanSubject(b: Bytes, kind: number, at: number, end: number): number {
  switch (kind) {
    case PoolKind.OPTIONS:
      return at;
    case PoolKind.IPV4:
      return ipv4.scan(b, at, end);
    case PoolKind.IPV6:
      return ipv6.scan(b, at, end);
    case PoolKind.HOST: // The root is nobody's host.
      return b[at] === 0 ? -1 : name.scan(b, at, end);
    case PoolKind.USE:
      return name.scan(b, at, end);
    default:
      return -1;
  }
}

function scan(b: Bytes, at: number, end: number): number {
  if (at >= end) return -1;
  const kind = poolKind(b, at);
  const attributesAt = scanSubject(b, kind, poolSubjectAt(at), end);
  if (attributesAt < 0) return -1;
  if (scanKeyValues(KEYS[kind] as Keys, b, attributesAt, end) < 0) return -1;
  return isBiasAlone(b, at, end) ? -1 : end;
}

const isBiasAlone = (b: Bytes, at: number, end: number): boolean =>
  findAttribute(b, at, end, PoolKey.BIAS) !== 0 && findAttribute(b, at, end, PoolKey.NEAR) === 0;

function print(b: Bytes, at: number, end: number): string {
  const attributesAt = poolAttributesAt(b, at);
  const attributes = keyValuesText(KEYS[poolKind(b, at)] as Keys, b, attributesAt, end);
  const subject = subjectText(b, at);
  return attributes === '' ? subject : `${subject} ${attributes}`;
}

/** The member, as it is written. */
export function subjectText(b: Bytes, at: number): string {
  const subjectAt = poolSubjectAt(at);
  const end = poolAttributesAt(b, at);
  switch (poolKind(b, at)) {
    case PoolKind.OPTIONS:
      return '*';
    case PoolKind.IPV4:
      return ipv4.print(b, subjectAt, end) as string;
    case PoolKind.IPV6:
      return ipv6.print(b, subjectAt, end) as string;
    case PoolKind.HOST: // What looks like an attribute would be read as one.
      return (name.print(b, subjectAt, end) as string).replaceAll('=', '\\=');
    default:
      return `use=${name.print(b, subjectAt, end)}`;
  }
}

/** The member, as one names it: an address, or a host in lower case. */
export const memberText = (b: Bytes, at: number): string =>
  poolKind(b, at) === PoolKind.HOST ? nameText(b, poolSubjectAt(at)).toLowerCase() : subjectText(b, at);

function parse(entry: Entry): void {
  const start = entry.length;
  const field = entry.take(EXPECTED);
  if (field === undefined) return;
  const kind = takeSubject(field, entry);
  if (kind === undefined) entry.note(EXPECTED);
  takeKeyValues(kind === undefined ? anyKeys : (KEYS[kind] as Keys), entry);
  if (!entry.isFaulty && isBiasAlone(entry.out, start, entry.length)) entry.miss(BIAS_ALONE);
}

/** Puts the kind and what is meant; gives the kind, or undefined where the field means nothing. */
function takeSubject({ bytes, quoted }: TextField, entry: Entry): number | undefined {
  const text = quoted ? '' : textOf(bytes);
  if (text === '*') return put(PoolKind.OPTIONS, undefined, entry);
  if (text.startsWith(USE)) {
    const target = unquoted(text.slice(USE.length));
    return target === undefined ? undefined : putName(PoolKind.USE, Buffer.from(target, 'latin1'), entry);
  }
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return put(PoolKind.IPV4, v4, entry);
  const v6 = parseIpv6(text);
  if (v6 !== undefined) return put(PoolKind.IPV6, v6, entry);
  return looksOtherwise(text) ? undefined : putName(PoolKind.HOST, bytes, entry);
}

const USE = 'use=';
/** Relative names are no addresses with a mistake in them, names no attributes whose member was forgotten. */
const looksOtherwise = (text: string): boolean =>
  /^[a-z-]+=/i.test(text) || (!text.endsWith('.') && (text.includes(':') || /^[\d.]+\.\d+$/.test(text)));

function put(kind: number, subject: Bytes | undefined, entry: Entry): number {
  entry.put(kind, 1);
  entry.putBytes(subject);
  return kind;
}

function putName(kind: number, text: Bytes, entry: Entry): number {
  const parsed = text.length === 1 && text[0] === 0x40 ? entry.origin : parseName(text, entry.origin);
  if (typeof parsed === 'string') entry.note(parsed);
  else if (kind === PoolKind.HOST && parsed.length === 1) entry.note('a host name that is not the root');
  else put(kind, parsed, entry);
  return kind;
}

export const poolRecord: Kind = { scan, print, parse };

/**
 * Ways to damage bytes. Those for packets know where a message keeps its counts, lengths and pointers, and
 * lie there; those for texts know what a master file stumbles over.
 */
import { put16, u16 } from '../../src/base/bytes.ts';
import type { Chance } from '../support/chance.ts';

type Bytes = Uint8Array;
type Damage = (bytes: Bytes, chance: Chance) => Bytes;

const MAX = 4_096;
const OPT_BYTES = 11;
const TELLING_BYTES = [0, 1, 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff];
const TELLING_WORDS = [0, 1, 2, 11, 12, 0x29, 0x7fff, 0x8000, 0xc00c, 0xffff];

const edited = (bytes: Bytes, edit: (copy: Bytes) => void): Bytes => {
  const copy = bytes.slice();
  if (copy.length > 0) edit(copy);
  return copy;
};

const joined = (...parts: Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts)).slice(0, MAX);

const anywhere: Record<string, Damage> = {
  flipBit: (bytes, chance) =>
    edited(bytes, (copy) => {
      const at = chance.below(copy.length);
      copy[at] = (copy[at] as number) ^ (1 << chance.below(8));
    }),
  setByte: (bytes, chance) =>
    edited(bytes, (copy) => {
      copy[chance.below(copy.length)] = chance.percent(50) ? chance.pick(TELLING_BYTES) : chance.below(256);
    }),
  truncate: (bytes, chance) => bytes.slice(0, chance.below(bytes.length + 1)),
  extend: (bytes, chance) => joined(bytes, chance.bytes(1 + chance.below(20))),
  remove: (bytes, chance) => {
    const at = chance.below(bytes.length + 1);
    return joined(bytes.slice(0, at), bytes.slice(at + 1 + chance.below(8)));
  },
  repeat: (bytes, chance) => {
    const at = chance.below(bytes.length + 1);
    const piece = bytes.slice(at, at + 1 + chance.below(40));
    return joined(bytes.slice(0, at), ...chance.times(1 + chance.below(4), () => piece), bytes.slice(at));
  },
};

const inPackets: Record<string, Damage> = {
  /** A length or a type somewhere, off by one or far off. */
  wrongWord: (bytes, chance) =>
    edited(bytes, (copy) => {
      const at = chance.below(copy.length);
      const off = u16(copy, at) + chance.pick([-1, 1]);
      put16(copy, at, chance.percent(50) ? off : chance.pick(TELLING_WORDS));
    }),
  wrongCount: (bytes, chance) =>
    edited(bytes, (copy) => put16(copy, chance.pick([4, 6, 8, 10]), chance.pick([0, 1, 2, 5, 100, 0xffff]))),
  wrongFlags: (bytes, chance) => edited(bytes, (copy) => put16(copy, 2, chance.below(0x1_0000))),
  pointer: (bytes, chance) =>
    edited(bytes, (copy) => {
      const at = chance.below(copy.length);
      const target = chance.pick([0, 11, 12, at - 1, at, at + 1, chance.below(copy.length), 0x3fff]);
      put16(copy, at, 0xc000 | Math.max(target, 0));
    }),
  /** Something after the message, announced as one record more. */
  record: (bytes, chance) =>
    edited(joined(bytes, chance.percent(50) ? opt(chance) : record(chance)), (copy) =>
      put16(copy, 10, u16(copy, 10) + 1),
    ),
};

/** A query that ends with an OPT, asking for another size: about these answers come to be truncated. */
export const resized: Damage = (bytes, chance) =>
  edited(bytes, (copy) => put16(copy, copy.length - OPT_BYTES + 3, 500 + chance.below(800)));

/** A name of about 255 bytes, which is sound or too long by a little. */
export function longName(chance: Chance): Bytes {
  const size = 245 + chance.below(16);
  const labels: Bytes[] = [];
  for (let left = size; left > 1; ) {
    const length = Math.min(chance.pick([1, 2, 30, 62, 63]), left - 1);
    labels.push(Uint8Array.of(length, ...chance.bytes(length)));
    left -= length + 1;
  }
  return joined(...labels, Uint8Array.of(0));
}

/** An OPT that is as it should be in most respects. */
function opt(chance: Chance): Bytes {
  const options = chance.times(chance.below(4), () => {
    const value = chance.bytes(chance.below(12));
    const length = chance.percent(85) ? value.length : chance.below(0x1_0000);
    return joined(words(chance.pick([3, 8, 10, 12, 15, 65_001]), length), value);
  });
  const rdata = joined(...options);
  const length = chance.percent(85) ? rdata.length : chance.below(0x1_0000);
  const owner = chance.percent(90) ? [0] : [1, 0x61, 0];
  const size = chance.pick([0, 100, 512, 1232, 4096, 0xffff]);
  const version = chance.percent(85) ? 0 : 1;
  return joined(
    Uint8Array.from(owner),
    words(41, size, version, chance.pick([0, 0x8000, 0xffff]), length),
    rdata,
  );
}

/** Any record; TSIG, SIG and TKEY among them (LIMITS A12). */
function record(chance: Chance): Bytes {
  const type = chance.pick([1, 2, 6, 15, 24, 33, 46, 64, 249, 250, 65_280, chance.below(0x1_0000)]);
  const rdata = chance.bytes(chance.below(40));
  const length = chance.percent(80) ? rdata.length : chance.below(0x1_0000);
  return joined(
    Uint8Array.of(0xc0, 0x0c),
    words(type, chance.pick([1, 255]), 0, chance.below(999), length),
    rdata,
  );
}

function words(...values: number[]): Bytes {
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, i) => {
    put16(bytes, 2 * i, value);
  });
  return bytes;
}

const STUMBLES = [
  '(',
  ')',
  '"',
  '\\',
  ';',
  '@',
  '*',
  '.',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\ufeff',
  '\\#',
  '\\256',
  '\\.',
  '$',
  '..',
  '$TTL ',
  '$ORIGIN ',
  '$INCLUDE x\n',
  '$GENERATE 1-9 a$ A 192.0.2.$\n',
  '\x24{0,99,x}',
  '4294967296',
  '-1',
  '1w1d',
  'IN',
  'CH',
  'ANY',
  'TYPE65535',
  'CNAME',
  'SOA',
  'NS .',
  `${'a'.repeat(64)}`,
  `${'a.'.repeat(130)}`,
  'DNAME',
  '\xff',
] as const;

/** What YAML stumbles over, and values that a key does not take. */
const YAML_STUMBLES = [
  ...['{', '}', '[', ']', ': ', '- ', ', ', '#', '? ', '| ', '> ', '--- ', '\n---\n', '...\n', '%YAML 9\n'],
  ...['&a ', '*a', '*b', '<<: ', '!!binary ', '!x ', "'", '"', '\\x1b', '\t', '\n', '\r', '\0', '\ufeff'],
  ...['null', 'true', '~', '-1', '0x10', '1e999', '.nan', '9'.repeat(30), '1h', '1/0', '2001-01-01'],
  ...['__proto__: ', 'constructor: ', 'listen: ', 'zone: ', '"\\n\\x7f": ', '256.1.1.1/33', '[::]:0', '\xff'],
  ...['['.repeat(300), '{a: '.repeat(300), 'a'.repeat(2_000), '*a, '.repeat(200)],
] as const;

const stumble =
  (over: readonly string[]): Damage =>
  (bytes, chance) => {
    const at = chance.below(bytes.length + 1);
    return joined(bytes.slice(0, at), Buffer.from(chance.pick(over), 'latin1'), bytes.slice(at));
  };

const inTexts: Record<string, Damage> = {
  stumble: stumble(STUMBLES),
  swapLines: (bytes, chance) => {
    const lines = linesOf(bytes);
    const [i, j] = [chance.below(lines.length), chance.below(lines.length)];
    [lines[i], lines[j]] = [lines[j] as string, lines[i] as string];
    return fromLines(lines);
  },
  swapWords: (bytes, chance) => {
    const lines = linesOf(bytes);
    const at = chance.below(lines.length);
    const words = (lines[at] as string).split(' ');
    const [i, j] = [chance.below(words.length), chance.below(words.length)];
    [words[i], words[j]] = [words[j] as string, words[i] as string];
    return fromLines(lines.with(at, words.join(' ')));
  },
  dropLine: (bytes, chance) => {
    const lines = linesOf(bytes);
    return fromLines(lines.toSpliced(chance.below(lines.length), 1));
  },
};

const linesOf = (bytes: Bytes): string[] => Buffer.from(bytes).toString('latin1').split('\n');
const fromLines = (lines: readonly string[]): Bytes =>
  new Uint8Array(Buffer.from(lines.join('\n'), 'latin1'));

const damager =
  (damages: readonly Damage[]) =>
  (bytes: Bytes, chance: Chance): Bytes => {
    let damaged = bytes;
    for (let left = Number(chance.weighted({ 1: 6, 2: 3, 4: 1 })); left > 0; left--)
      damaged = chance.pick(damages)(damaged, chance);
    return damaged;
  };

export const damagePacket = damager([...Object.values(anywhere), ...Object.values(inPackets)]);
export const damageText = damager([...Object.values(anywhere), ...Object.values(inTexts)]);
export const damageConfig = damager([
  ...Object.values(anywhere),
  ...Object.values({ ...inTexts, stumble: stumble(YAML_STUMBLES) }),
]);

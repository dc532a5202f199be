/**
 * Makes questions for a world: at names that are there, between them, beside and below them, at what aliases
 * and servers point to; for types that are there and types that are not; over UDP of several sizes and over
 * TCP.
 */
import { typeFromText } from '../../src/wire/codes.ts';
import { writeQuery } from '../../src/wire/message.ts';
import { parseName, ROOT } from '../../src/wire/name.ts';
import type { Chance } from '../support/chance.ts';
import type { Transport } from './client.ts';
import { type MadeRecord, parentOf, under } from './record.ts';
import { allRecords, apexes, type World } from './world.ts';

export interface Question {
  /** As it is asked, in whatever case. */
  readonly spelled: string;
  /** The same in lower case. */
  readonly name: string;
  readonly type: string;
  readonly transport: Transport;
  readonly edns: { readonly udpSize: number; readonly dnssecOk: boolean } | undefined;
}

const NAMES = {
  owner: 30,
  above: 10,
  below: 25,
  renamed: 12,
  target: 8,
  random: 12,
  long: 2,
  outside: 1,
} as const;
const TYPES = {
  A: 30,
  NS: 8,
  DS: 8,
  CNAME: 6,
  SOA: 6,
  DNAME: 5,
  MX: 5,
  TXT: 5,
  ANY: 5,
  AAAA: 5,
  SRV: 3,
  PTR: 3,
  HTTPS: 3,
  SVCB: 1,
  CAA: 1,
  NAPTR: 1,
  TYPE65280: 2,
  TYPE12345: 2,
  RRSIG: 1,
  NSEC: 1,
  DNSKEY: 2,
} as const;
const LABELS = ['a', 'b', 'c', '*', 'ns', 'new'] as const;
/** Types whose RDATA ends with a name that is worth asking for. */
const POINTING = new Set(['NS', 'CNAME', 'DNAME', 'MX', 'SRV', 'PTR']);

/** Types that say that something else begins at or behind the owner. */
const POINTING_AWAY = new Set(['NS', 'DS', 'CNAME']);

export function makeQuestions(world: World, count: number, chance: Chance): Question[] {
  const records = allRecords(world);
  return chance.times(count, () => makeQuestion(world, records, chance));
}

function makeQuestion(world: World, records: readonly MadeRecord[], chance: Chance): Question {
  const near = chance.pick(records);
  const name = makeName(world, near, chance);
  // An owner's own types are more telling than others.
  const isOwn = name === near.owner && chance.percent(50);
  // DS is the type that is answered on both sides of a cut.
  const isAboutCut = POINTING_AWAY.has(near.type) && chance.percent(25);
  const type = isOwn ? near.type : isAboutCut ? 'DS' : chance.weighted(TYPES);
  const udpSize = chance.pick([512, 1232, 4096]);
  return {
    spelled: chance.percent(20) ? name.toUpperCase() : name,
    name,
    type,
    transport: chance.percent(20) ? 'tcp' : 'udp',
    edns: chance.percent(70) ? { udpSize, dnssecOk: chance.percent(40) } : undefined,
  };
}

function makeName(world: World, near: MadeRecord, chance: Chance): string {
  const label = (): string => chance.pick(LABELS);
  switch (chance.weighted(NAMES)) {
    case 'owner':
      return near.owner;
    case 'above':
      return parentOf(near.owner);
    case 'below':
      return under(chance.percent(70) ? label() : `${label()}.${label()}`, near.owner);
    case 'renamed': // A sibling; of a wildcard, what it may cover.
      return near.owner === '.' ? '.' : under(label(), parentOf(near.owner));
    case 'target':
      return POINTING.has(near.type) ? (near.rdata.split(' ').at(-1) as string) : near.owner;
    case 'random':
      return under(chance.times(1 + chance.below(4), label).join('.'), chance.pick(apexes(world)));
    case 'long': // Under a DNAME these may grow past 255 bytes.
      return longName(near.owner, chance);
    case 'outside':
      return chance.pick(['outside.', 'www.elsewhere.', '.']);
  }
}

function longName(below: string, chance: Chance): string {
  const room = 253 - (below === '.' ? 0 : below.length) - chance.below(6);
  const labels: string[] = [];
  for (let left = room; left > 1; left -= 50) labels.push('x'.repeat(Math.min(left - 1, 49)));
  return labels.length === 0 ? below : under(labels.join('.'), below);
}

export function packetOf({ spelled, type, edns }: Question): Uint8Array {
  const wire = parseName(Buffer.from(spelled), ROOT);
  const code = typeFromText(type);
  if (typeof wire === 'string' || code === undefined) throw new Error(`no question: ${spelled} ${type}`);
  return writeQuery({ id: 4711, spelled: wire, type: code, class: 1, ...(edns ? { edns } : {}) });
}

export function questionText({ spelled, type, transport, edns }: Question): string {
  const size = edns === undefined ? 'no EDNS' : `EDNS ${edns.udpSize}${edns.dnssecOk ? ' DO' : ''}`;
  return `${spelled} ${type} over ${transport}, ${size}`;
}

/**
 * An internet as a script: servers by address, with zones and with faults. An `Upstream` over it answers in
 * virtual time, encodes by dns-packet, and keeps a log of every query.
 */
import { type Answer, type DecodedPacket, decode, encode, type OptAnswer, type Question } from 'dns-packet';
import type { Event, Exchange, Unsent, Upstream } from '../../src/resolver/upstream.ts';
import { cookieOption, cookieOptions, isCookieBad } from './cookies.ts';
import { lossMs } from './loss.ts';
import { recordFrom } from './record-text.ts';
import { isWithin, type Reply, type ScriptedZone } from './scripted-zone.ts';
import type { VirtualWorld } from './virtual-world.ts';

export interface Logged {
  readonly to: string;
  readonly port: number;
  readonly name: string;
  readonly type: string;
  readonly via: 'udp' | 'tcp';
  readonly edns: boolean;
  readonly recursionDesired: boolean;
  readonly id: number;
  readonly atMs: number;
  /** What was told of the client's network, `198.51.100.0/24`, or `nothing`. */
  readonly subnet: string;
}

/** `delay`, and the words behind it. */
export interface Fault {
  readonly kind: string;
  readonly words: readonly string[];
}

export class ScriptedServer {
  readonly zones: ScriptedZone[] = [];
  readonly faults: Fault[] = [];
  asked = 0;

  fault(kind: string): Fault | undefined {
    return this.faults.find((fault) => fault.kind === kind);
  }

  zoneOf(name: string): ScriptedZone | undefined {
    const folded = name.toLowerCase();
    return this.zones
      .filter(({ apex }) => isWithin(folded, apex))
      .sort((a, b) => b.apex.length - a.apex.length)[0];
  }
}

const unsentFor: Readonly<Record<string, Unsent>> = {
  'network is unreachable': 'no route',
  'too many sockets are open': 'no room',
};
const ROUND_TRIP_MS = 10;
const FORMERR = 1;
const REFUSED = 5;
const BADVERS = 16;
const BADCOOKIE = 23;
const rcodes: Record<string, number> = {
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
};

export class ScriptedInternet implements Upstream {
  readonly log: Logged[] = [];
  readonly #servers = new Map<string, ScriptedServer>();
  readonly #world: VirtualWorld;

  constructor(world: VirtualWorld) {
    this.#world = world;
  }

  server(address: string): ScriptedServer {
    const server = this.#servers.get(address) ?? new ScriptedServer();
    this.#servers.set(address, server);
    return server;
  }

  remove(address: string): void {
    this.#servers.delete(address);
  }

  exchange(exchange: Exchange): void {
    const { to, query, via, ms } = exchange;
    const asked = decode(Buffer.from(query));
    const question = questionOf(asked);
    this.log.push({
      to: to.address,
      port: to.port,
      name: question.name === '.' ? '.' : question.name,
      type: question.type,
      via,
      edns: optOf(asked) !== undefined,
      recursionDesired: asked.flag_rd,
      id: asked.id ?? 0,
      atMs: this.#world.nowMs(),
      subnet: subnetText(subnetOf(asked)),
    });
    const server = this.#servers.get(to.address);
    const sentMs = this.#world.nowMs();
    let isOver = false;
    const end = (event: Event): void => {
      if (isOver) return;
      isOver = true;
      giveUp();
      exchange.end(event);
    };
    const fallSilent = (): void => end({ got: 'silence' });
    let giveUp = this.#world.after(ms, () => {
      const moreMs = exchange.overdue();
      if (moreMs > 0) giveUp = this.#world.after(moreMs, fallSilent);
      else fallSilent();
    });
    const unreachable = server?.fault('unreachable') ?? (via === 'tcp' ? server?.fault('reset') : undefined);
    if (unreachable) {
      const why = unreachable.words.join(' ') || 'connection reset';
      const unsent = unsentFor[why];
      this.#world.after(0, () =>
        end(unsent === undefined ? { got: 'unreachable', why } : { got: 'unreachable', why, unsent }),
      );
      return;
    }
    const lostMs = server && lossMs(server.fault('loss'), via, this.#world);
    if (server === undefined || lostMs === undefined) return;
    for (const { bytes, afterMs } of packets(server, asked, via)) {
      this.#world.after(afterMs + lostMs, () => {
        if (exchange.accept(bytes)) end({ got: 'reply', bytes, ms: this.#world.nowMs() - sentMs });
      });
    }
  }
}

function questionOf(packet: DecodedPacket): Question {
  const question = packet.questions?.[0];
  if (question === undefined) throw new Error('a query without a question');
  return question;
}

const optOf = (packet: DecodedPacket): OptAnswer | undefined =>
  packet.additionals?.find((r): r is OptAnswer => r.type === 'OPT');

interface SubnetOption {
  readonly code: number;
  readonly family: number;
  readonly sourcePrefixLength: number;
  readonly ip: string;
}

const subnetOf = (packet: DecodedPacket): SubnetOption | undefined =>
  (optOf(packet)?.options as unknown as SubnetOption[] | undefined)?.find(({ code }) => code === 8);

const subnetText = (option: SubnetOption | undefined): string =>
  option === undefined ? 'nothing' : `${option.ip}/${option.sourcePrefixLength}`;

interface Packet {
  readonly bytes: Buffer;
  readonly afterMs: number;
}

/** What comes back for one query, in time: junk first where the script wants it. */
function packets(server: ScriptedServer, asked: DecodedPacket, via: 'udp' | 'tcp'): Packet[] {
  server.asked++;
  const silent = server.fault('silent');
  const [scope, count] = silent?.words ?? [];
  if (silent && scope === undefined) return [];
  if (silent && scope === via) return [];
  if (silent && scope === 'type' && count === questionOf(asked).type) return [];
  if (silent && scope === 'first' && server.asked <= Number(count)) return [];
  if (silent && scope === 'after' && server.asked > Number(count)) return [];
  const delayMs = Number(server.fault('delay')?.words[0] ?? ROUND_TRIP_MS);
  if (blindness(server, questionOf(asked).name) === 'silent') return [];
  const bytes = rightReply(server, asked, via);
  const junk = server.fault('first');
  if (junk === undefined || via === 'tcp') return [{ bytes, afterMs: delayMs }];
  const forged = forge(junk.words[0] ?? '', bytes, asked);
  return [
    { bytes: forged, afterMs: delayMs },
    { bytes, afterMs: delayMs + 60 },
  ];
}

/** A reply that is wrong in one way. */
function forge(how: string, right: Buffer, asked: DecodedPacket): Buffer {
  const forged = Buffer.from(right);
  const question = questionOf(asked);
  const evil: Answer = { name: question.name, type: 'A', ttl: 600, data: '6.6.6.6' };
  switch (how) {
    case 'wrong-id':
      forged.writeUInt16BE(((asked.id ?? 0) + 1) & 0xffff, 0);
      return forged;
    case 'wrong-name': {
      const questions = [{ ...question, name: 'other.test' }];
      return encode({ type: 'response', id: asked.id ?? 0, questions, answers: [evil] });
    }
    case 'wrong-type': {
      const questions = [{ ...question, type: 'TXT' as const }];
      return encode({ type: 'response', id: asked.id ?? 0, questions, answers: [evil] });
    }
    case 'truncated':
      return forged.subarray(0, forged.length - 3);
    case 'no-cookie':
    case 'wrong-cookie': {
      const options = how === 'no-cookie' ? [] : [cookieOption(Buffer.alloc(8, 1))];
      const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options } as unknown as Answer;
      const sections = { questions: [question], answers: [evil], additionals: [opt] };
      return encode({ type: 'response', id: asked.id ?? 0, ...sections });
    }
    case 'no-question':
      return encode({ type: 'response', id: asked.id ?? 0, answers: [evil] });
    case 'query':
      forged.writeUInt16BE(forged.readUInt16BE(2) & 0x7fff, 2);
      return forged;
    case 'bare-formerr':
      return header(asked.id ?? 0, FORMERR);
    case 'wrong-opcode':
      forged.writeUInt16BE(forged.readUInt16BE(2) | (4 << 11), 2);
      return forged;
    default:
      throw new Error(`no way to forge: ${how}`);
  }
}

function header(id: number, rcode: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(0x8000 | rcode, 2);
  return bytes;
}

function rightReply(server: ScriptedServer, asked: DecodedPacket, via: 'udp' | 'tcp'): Buffer {
  const question = questionOf(asked);
  const hasEdns = optOf(asked) !== undefined;
  const old = server.fault('no-edns');
  if (hasEdns && old?.words[0] === 'bare') return header(asked.id ?? 0, FORMERR);
  const hidesEdns = old !== undefined;
  if (hasEdns && hidesEdns)
    return reply(asked, empty(rcodes[old.words[0] ?? 'FORMERR'] ?? FORMERR), false, server);
  if (hasEdns && isCookieBad(asked, server.fault('cookies')))
    return reply(asked, empty(BADCOOKIE), true, server);
  if (hasEdns && server.fault('badvers')) return reply(asked, empty(BADVERS), true, server);
  if (via === 'udp' && server.fault('truncate')) {
    const bytes = reply(asked, empty(0), hasEdns, server);
    bytes.writeUInt16BE(bytes.readUInt16BE(2) | 0x0200, 2);
    // `truncate carelessly`: there were records, and the first is cut off within.
    if (server.fault('truncate')?.words[0] !== 'carelessly') return bytes;
    bytes.writeUInt16BE(5, 6);
    return Buffer.concat([bytes, Buffer.of(0xc0, 12, 0)]);
  }
  return reply(
    asked,
    lied(server, tailored(server, asked, answerOf(server, question.name, question.type))),
    hasEdns && !hidesEdns,
    server,
  );
}

const empty = (rcode: number): Reply => ({
  rcode,
  authoritative: false,
  answers: [],
  authorities: [],
  additionals: [],
});

/** `! blind RCODE`, `! blind silent`: what a name without records gets, whatever is below it. */
function blindness(server: ScriptedServer, name: string): string | undefined {
  const folded = name.toLowerCase();
  const hasRecords = server.zoneOf(folded)?.records.some((record) => record.name.toLowerCase() === folded);
  return hasRecords === false ? server.fault('blind')?.words[0] : undefined;
}

function answerOf(server: ScriptedServer, name: string, type: string): Reply {
  // `! fails AAAA`: with SERVFAIL, for questions of one type.
  if (server.fault('fails')?.words[0] === type) return empty(rcodes.SERVFAIL as number);
  const rcode = server.fault('rcode');
  if (rcode) return empty(rcodes[rcode.words[0] ?? ''] ?? REFUSED);
  const zone = server.zoneOf(name === '.' ? '' : name);
  if (server.fault('refer-up')) {
    return { ...empty(0), authorities: [{ name: '', type: 'NS', ttl: 3600, data: 'a.root' }] };
  }
  if (zone === undefined) return empty(REFUSED);
  if (server.fault('refer-self')) {
    return {
      ...empty(0),
      authorities: [{ name: zone.apex, type: 'NS', ttl: 3600, data: `ns.${zone.apex}` }],
    };
  }
  const trick = server.faults.map(({ kind, words }) =>
    tricks[kind]?.(name, zone.apex, words, server.asked),
  )[0];
  if (trick !== undefined) return { ...empty(0), ...trick };
  const blind = rcodes[blindness(server, name) ?? ''];
  if (blind !== undefined && blind !== rcodes.NXDOMAIN) return empty(blind);
  const answer = zone.ask(name === '.' ? '' : name, type);
  const keeps = (record: Answer): boolean => record.type !== 'SOA' || server.fault('no-soa') === undefined;
  const tells = server.fault('not-authoritative') ?? server.fault('hearsay');
  const authoritative = answer.authoritative && tells === undefined;
  const additionals = answer.additionals.filter((record) => isSent(record, name, server));
  const authorities = answer.authorities.filter(keeps);
  return { ...answer, rcode: blind ?? answer.rcode, authoritative, authorities, additionals };
}

/** `! no-additional`; `! no-additional others`: but for those of the name asked. */
function isSent(record: Answer, name: string, server: ScriptedServer): boolean {
  const without = server.fault('no-additional');
  if (without === undefined) return true;
  return without.words[0] === 'others' && record.name.toLowerCase() === name.toLowerCase();
}

/** `! tailors 24`: addresses differ by the third byte of the client's, and hold for so much of it. */
function tailored(server: ScriptedServer, asked: DecodedPacket, answer: Reply): Reply {
  if (server.fault('tailors') === undefined) return answer;
  const third = subnetOf(asked)?.ip.split('.')[2] ?? '255';
  const answers = answer.answers.map((record) =>
    record.type === 'A' ? { ...record, data: `203.0.113.${third}` } : record,
  );
  return { ...answer, answers };
}

/** The option that comes back; `! tailors 24 wrongly` speaks of another network to who asks first. */
function scopeOptions(server: ScriptedServer, asked: DecodedPacket): object[] {
  const option = subnetOf(asked);
  const [scope, how] = server.fault('tailors')?.words ?? [];
  if (option === undefined || scope === undefined) return [];
  const ip = how === 'wrongly' && server.asked === 1 ? '6.6.6.0' : option.ip;
  const { code, family, sourcePrefixLength } = option;
  return [{ code, family, sourcePrefixLength, scopePrefixLength: Number(scope), ip }];
}

type Trick = (name: string, apex: string, words: readonly string[], asked: number) => Partial<Reply>;

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const numberIn = (name: string): number => Number(/(\d+)/.exec(name)?.[1] ?? 0);

/** Servers that mean harm. */
const tricks: Record<string, Trick> = {
  /** `c7.…` is an alias of `c8.…`, for ever. */
  endless: (name, apex) => ({
    authoritative: true,
    answers: [{ name, type: 'CNAME', ttl: 300, data: `c${numberIn(name) + 1}.${apex}` }],
  }),
  /** The same, with 30 kB of freight each time. */
  'fat-chain': (name, apex) => ({
    authoritative: true,
    answers: [
      { name, type: 'CNAME', ttl: 300, data: `c${numberIn(name) + 1}.${apex}` },
      ...times(120, (i) => ({
        name: `x${i}.${apex}`,
        type: 'TXT' as const,
        ttl: 300,
        data: 'f'.repeat(250),
      })),
    ],
  }),
  /** Each query is sent one label further down. */
  'ever-deeper': (name, apex, [data = ''], asked) => {
    const labels = name.toLowerCase().split('.');
    const cut = labels.slice(-Math.min(apex.split('.').length + asked, labels.length)).join('.');
    return {
      authorities: [{ name: cut, type: 'NS', ttl: 300, data: `ns.${cut}` }],
      additionals: [{ name: `ns.${cut}`, type: 'A', ttl: 300, data }],
    };
  },
  /** A referral to many servers in a zone of somebody else, fresh ones for each name. */
  'many-servers': (name, _, [count = '', victim = '']) => ({
    authorities: times(Number(count), (i) => ({
      name,
      type: 'NS' as const,
      ttl: 300,
      data: `ns${i}-${name.split('.')[0]?.toLowerCase()}.${victim}`,
    })),
  }),
  /** A referral to servers that share their many addresses, where everybody refuses. */
  'same-addresses': (_, apex, [names = '', addresses = '']) => {
    const cut = `sub.${apex}`;
    const hosts = times(Number(names), (i) => `ns${i}.${cut}`);
    return {
      authorities: hosts.map((data) => ({ name: cut, type: 'NS' as const, ttl: 300, data })),
      additionals: hosts.flatMap((host) =>
        times(Number(addresses), (i) => ({
          name: host,
          type: 'A' as const,
          ttl: 300,
          data: `203.0.113.${i + 1}`,
        })),
      ),
    };
  },
  /** Records that fit a message only because their names are compressed. */
  huge: (name, apex) => ({
    authoritative: true,
    answers: times(900, (i) => ({
      name,
      type: 'MX' as const,
      ttl: 300,
      data: { preference: i, exchange: `${'a'.repeat(60)}.${'b'.repeat(60)}.${apex}` },
    })),
  }),
  crowd: (name, _, [count = '']) => ({
    authoritative: true,
    answers: times(Number(count), (i) => ({ name, type: 'A' as const, ttl: 300, data: `203.0.113.${i}` })),
  }),
};

/** `! lie additional owner ttl TYPE rdata`: records nobody asked for. */
function lied(server: ScriptedServer, honest: Reply): Reply {
  const answer = { ...honest };
  for (const { kind, words } of server.faults) {
    if (kind !== 'lie') continue;
    const section = `${words[0]}` as 'answer' | 'authority' | 'additional';
    const key = ({ answer: 'answers', authority: 'authorities', additional: 'additionals' } as const)[
      section
    ];
    answer[key] = [...answer[key], recordFrom(words.slice(1).join(' '))];
  }
  return answer;
}

function reply(asked: DecodedPacket, answer: Reply, edns: boolean, server: ScriptedServer): Buffer {
  const question = questionOf(asked);
  const name = server.fault('no-case') ? question.name.toLowerCase() : question.name;
  const options = [
    ...cookieOptions(asked, server.fault('cookies'), server.asked),
    ...scopeOptions(server, asked),
  ];
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options } as unknown as Answer;
  const extended = { ...opt, extendedRcode: answer.rcode >> 4 } as unknown as Answer;
  // `! resolves`: it has the answers of others; `! hearsay`: it may resolve, and says so.
  const resolves = server.fault('resolves');
  const flags = resolves ? 0x80 : (answer.authoritative ? 0x400 : 0) | (server.fault('hearsay') ? 0x80 : 0);
  return encode({
    type: 'response',
    id: asked.id ?? 0,
    flags: flags | (answer.rcode & 0xf),
    questions: [{ ...question, name }],
    answers: answer.answers,
    authorities: answer.authorities,
    additionals: [...answer.additionals, ...(edns ? [extended] : [])],
  });
}

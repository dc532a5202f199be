/**
 * What a server of the simulated internet replies: the honest by their zones and within their manners, the
 * liars by telling whoever listens about names that are not theirs.
 */
import { Rcode, Type } from '../../src/wire/codes.ts';
import type { Chance } from '../support/chance.ts';
import { isWithin, type Rrset } from './contents.ts';
import { HEADER_BYTES, QR, type Query, type Reply, TC, writeReply } from './packet.ts';
import { type Manners, now, type Server, type Tenure } from './people.ts';
import { aliasRrset, liarAddress, nsRrset, soaRrset } from './rdata.ts';

const TCP_BYTES_MAX = 65_535;
const UDP_BYTES_MAX = 512;
const CHASED_MAX = 4;

const silent = { answer: [], authority: [], additional: [] } as const;
const status = (rcode: number): Reply => ({ ...silent, rcode, authoritative: false });

/** The bytes of its reply to a query. */
export function replyOf(server: Server, query: Query, via: 'udp' | 'tcp', chance: Chance): Uint8Array {
  const { manners } = server;
  const faulty = query.udpSize === undefined ? undefined : ednsFault(manners, query);
  if (faulty !== undefined) return faulty;
  const edns = query.udpSize !== undefined && manners.edns === 'understood';
  const reply = server.liar === undefined ? honest(server, query) : lie(server.liar, query, server, chance);
  const offered = edns ? (query.udpSize ?? 0) : 0;
  const bytesMax = via === 'tcp' ? TCP_BYTES_MAX : Math.max(UDP_BYTES_MAX, offered);
  const isTold = via === 'tcp' || !manners.truncates;
  const bytes = writeReply({ query, reply: isTold ? reply : { ...reply, ...silent }, bytesMax, edns });
  if (!isTold) bytes[2] = (bytes[2] as number) | (TC >> 8);
  if (!manners.keepsCase) foldQuestion(bytes);
  return bytes;
}

/** RFC 6891 §7, and what servers do instead. */
function ednsFault({ edns, keepsCase }: Manners, query: Query): Uint8Array | undefined {
  if (edns === 'understood' || edns === 'ignored') return undefined;
  if (edns === 'bare FORMERR') {
    const bytes = new Uint8Array(HEADER_BYTES);
    new DataView(bytes.buffer).setUint16(0, query.id);
    new DataView(bytes.buffer).setUint16(2, QR | Rcode.FORMERR);
    return bytes;
  }
  const reply = status(Rcode[edns]);
  const bytes = writeReply({ query, reply, bytesMax: UDP_BYTES_MAX, edns: edns === 'BADVERS' });
  if (!keepsCase) foldQuestion(bytes);
  return bytes;
}

function foldQuestion(bytes: Uint8Array): void {
  for (let at = HEADER_BYTES; bytes[at] !== 0; at += (bytes[at] as number) + 1) {
    for (let i = at + 1; i <= at + (bytes[at] as number); i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x41 && byte <= 0x5a) bytes[i] = byte + 0x20;
    }
  }
}

/** The closest zone of the server's; of a DS, the parent's. */
function closest(server: Server, { name, type }: { name: string; type: number }): Tenure | undefined {
  let found: Tenure | undefined;
  for (const [apex, tenure] of server.serves) {
    const isAbove = isWithin(name, apex) && !(type === Type.DS && apex === name && apex !== '');
    if (isAbove && apex.length >= (found?.zone.apex.length ?? 0)) found = tenure;
  }
  return found ?? (type === Type.DS ? server.serves.get(name) : undefined);
}

function honest(server: Server, query: Query): Reply {
  const { manners } = server;
  if (manners.lame === 'refers up') {
    return { ...status(Rcode.NOERROR), authority: [nsRrset('', ['a.root'], 3_600)] };
  }
  if (manners.lame !== 'no') return status(Rcode[manners.lame]);
  const tenure = closest(server, query);
  return tenure === undefined ? status(Rcode.REFUSED) : told(server, tenure, query);
}

function told(server: Server, tenure: Tenure, query: { name: string; type: number }, chased = 0): Reply {
  const contents = now(tenure);
  const says = contents.ask(query.name, query.type);
  const spoken = { ...silent, authoritative: true };
  switch (says.kind) {
    case 'referral':
      return { ...status(Rcode.NOERROR), authority: [says.ns], additional: glue(tenure, says.ns) };
    case 'answer': {
      const ns = server.manners.talks ? contents.at(contents.apex, Type.NS) : undefined;
      const more = ns === undefined ? {} : { authority: [ns], additional: glue(tenure, ns) };
      return { ...spoken, rcode: Rcode.NOERROR, answer: says.rrsets, ...more };
    }
    case 'nodata':
    case 'nxdomain': {
      const rcode = says.kind === 'nodata' ? Rcode.NOERROR : Rcode.NXDOMAIN;
      return { ...spoken, rcode, authority: [says.soa] };
    }
    case 'alias':
      return chase(server, [says.rrset], says.target, query.type, chased);
    case 'renamed': {
      const { rrset, target } = says;
      if (target === undefined) return { ...spoken, rcode: Rcode.YXDOMAIN, answer: [rrset] };
      const links = [rrset, aliasRrset(query.name, Type.CNAME, target, rrset.ttl)];
      return chase(server, links, target, query.type, chased);
    }
  }
}

/** What the server holds of the target comes along; it is for the resolver not to need it. */
function chase(server: Server, links: Rrset[], target: string, type: number, chased: number): Reply {
  const spoken = { ...silent, rcode: Rcode.NOERROR, authoritative: true };
  const tenure = server.manners.chases ? closest(server, { name: target, type }) : undefined;
  if (tenure === undefined || chased >= CHASED_MAX) return { ...spoken, answer: links };
  const further = told(server, tenure, { name: target, type }, chased + 1);
  if (!further.authoritative) return { ...spoken, answer: links };
  return { ...further, answer: [...links, ...further.answer] };
}

/** The addresses that the zone holds of these servers. */
function glue(tenure: Tenure, ns: Rrset): Rrset[] {
  const contents = now(tenure);
  const names =
    tenure.zone.children.find(({ apex }) => apex === ns.owner)?.tenures.at(-1)?.hosts ?? tenure.hosts;
  return names.flatMap(({ name }) =>
    [Type.A, Type.AAAA].flatMap((type) => {
      const rrset = contents.at(name, type);
      return rrset === undefined ? [] : [rrset];
    }),
  );
}

const MAZE_LABELS = 12;
const MAZE_SERVERS = 20;

/**
 * A server that wants us to work: each step of the way down is a zone of its own, some of them are served
 * only by names that have to be looked up in vain, and at the end waits an alias to somewhere as deep.
 */
function maze(liar: number, { name }: Query, apex: string, chance: Chance): Reply {
  const isAtEnd = name === apex || name.split('.').length >= MAZE_LABELS + apex.split('.').length;
  if (isAtEnd || chance.percent(1)) {
    const deep = chance.times(MAZE_LABELS, () => `${chance.below(10)}`).join('.');
    const answer = [aliasRrset(name, Type.CNAME, `${deep}.${apex}`, 0)];
    return { ...silent, rcode: Rcode.NOERROR, authoritative: true, answer };
  }
  if (chance.percent(1)) {
    const parent = apex.slice(apex.indexOf('.') + 1);
    const hosts = chance.times(MAZE_SERVERS, (i) => `n${i}-${chance.below(1_000)}.z1.${parent}`);
    return { ...status(Rcode.NOERROR), authority: [nsRrset(name, hosts, 60)] };
  }
  const host = `s.${name}`;
  const glue = { owner: host, type: Type.A, ttl: 60, rdatas: [liarAddress(liar, 1)] };
  return { ...status(Rcode.NOERROR), authority: [nsRrset(name, [host], 60)], additional: [glue] };
}

const LIES = {
  address: 4,
  'other names in the answer': 3,
  'other names in the additional section': 3,
  'the parent is ours': 3,
  'the parent is empty': 2,
  'a new name for all': 2,
  'an alias and its target': 4,
  'glue for others': 3,
  'no such name': 1,
} as const;

/** Whatever it says of names below its own zones is theirs to say; the rest must never be heard of again. */
function lie(liar: number, query: Query, server: Server, chance: Chance): Reply {
  const apex = [...server.serves.keys()].find((zone) => isWithin(query.name, zone)) ?? '';
  // Every other one is of that kind.
  if (liar % 2 === 0) return maze(liar, query, apex, chance);
  const { name, type } = query;
  const parent = apex.slice(apex.indexOf('.') + 1);
  const ttl = chance.pick([0, 60, 86_400]);
  const mine = (owner: string): Rrset => ({
    owner,
    type: Type.A,
    ttl,
    rdatas: [liarAddress(liar, 1 + chance.below(60_000))],
  });
  const victim = chance.pick([
    `www.z1.${parent}`,
    `z1.${parent}`,
    parent,
    `a.nic.${parent}`,
    `ns1.host1.${parent}`,
  ]);
  const soa = soaRrset(apex, 1, ttl, 60);
  const truth: Reply = {
    ...silent,
    rcode: Rcode.NOERROR,
    authoritative: true,
    ...(type === Type.A ? { answer: [mine(name)] } : { authority: [soa] }),
  };
  const trap = nsRrset(parent, [`ns.${apex}`], ttl);
  switch (chance.weighted(LIES)) {
    case 'address':
      return truth;
    case 'other names in the answer':
      return { ...truth, answer: [...truth.answer, mine(victim), aliasRrset(victim, Type.CNAME, name, ttl)] };
    case 'other names in the additional section':
      return { ...truth, additional: [mine(victim), mine(`ns1.${victim}`)] };
    case 'the parent is ours':
      return { ...truth, authority: [...truth.authority, trap], additional: [mine(`ns.${apex}`)] };
    case 'the parent is empty':
      return {
        ...silent,
        rcode: Rcode.NXDOMAIN,
        authoritative: true,
        authority: [soaRrset(parent, 1, ttl, 60)],
      };
    case 'a new name for all': {
      const dname = aliasRrset(chance.pick([parent, apex]), Type.DNAME, `x.${apex}`, ttl);
      return { ...truth, answer: [dname, ...truth.answer] };
    }
    case 'an alias and its target':
      return {
        ...silent,
        rcode: 0,
        authoritative: true,
        answer: [aliasRrset(name, Type.CNAME, victim, ttl), mine(victim)],
      };
    case 'glue for others': {
      const ns = nsRrset(`sub.${apex}`, [victim, `ns1.host1.${parent}`], ttl);
      return {
        ...status(Rcode.NOERROR),
        authority: [ns],
        additional: [mine(victim), mine(`ns1.host1.${parent}`)],
      };
    }
    case 'no such name':
      return { ...silent, rcode: Rcode.NXDOMAIN, authoritative: true, authority: [soa] };
  }
}

/**
 * What to ask in the playground and what to see: one stop for every corner, good and bad, and for what the
 * server can be told and asked. People read it as tables; the test asks every stop and compares, and gives
 * every order, so the tables cannot rot.
 */
import { SLOW_MS } from './playground-internet.ts';

export interface Stop {
  /** The words to put behind `cairn query @127.0.0.1 -p 5300`, or behind dig's. */
  readonly ask: string;
  readonly status: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL';
  /** The answer section, RDATA only; or how many records, where they are many. */
  readonly answer: readonly string[] | number;
  readonly see: string;
}

const SHOP = ['198.18.1.10', '198.18.1.11'];

export const TOUR: readonly Stop[] = [
  {
    ask: 'www.shop.org',
    status: 'NOERROR',
    answer: SHOP,
    see: 'the walk: root, org., then a server whose own address has to be found under net. first',
  },
  { ask: 'www.shop.org AAAA', status: 'NOERROR', answer: ['2001:2::1'], see: 'the same name, one step' },
  {
    ask: '_imap._tcp.shop.org SRV',
    status: 'NOERROR',
    answer: ['0 1 143 mx.plenty-hosting.net.'],
    see: 'where a service is',
  },
  {
    ask: 'www.bakery.com',
    status: 'NOERROR',
    answer: ['www.shop.org.', ...SHOP],
    see: 'an alias into another zone under another registry',
  },
  {
    ask: 'www.old.acme.com',
    status: 'NOERROR',
    answer: ['new.acme.com.', 'www.new.acme.com.', '198.18.2.20'],
    see: 'DNAME: a whole tree has moved, and an alias is made for this name',
  },
  {
    ask: 'anybody.users.acme.com',
    status: 'NOERROR',
    answer: ['198.18.2.30'],
    see: 'a wildcard, whatever the first label is',
  },
  {
    ask: 'office.acme.com',
    status: 'NOERROR',
    answer: [],
    see: 'no data, and no NXDOMAIN either: printer.office.acme.com exists below it',
  },
  {
    ask: 'nothing.shop.org',
    status: 'NXDOMAIN',
    answer: [],
    see: 'no such name; the second time, nobody is asked',
  },
  {
    ask: 'bench.lab.acme.com',
    status: 'NOERROR',
    answer: ['198.18.2.50'],
    see: 'a child zone on a server of its own: three referrals',
  },
  { ask: '-x 198.18.1.10', status: 'NOERROR', answer: ['www.shop.org.'], see: 'an address back to its name' },
  { ask: '-x 2001:2::1', status: 'NOERROR', answer: ['www.shop.org.'], see: 'the same for IPv6' },
  {
    ask: 'www.big.org',
    status: 'NOERROR',
    answer: 200,
    see: 'more than a datagram carries: truncated, then all of it over TCP',
  },
  {
    ask: 'www.slow.org',
    status: 'NOERROR',
    answer: ['198.18.3.30'],
    see: `a server that thinks for ${SLOW_MS} ms; ask twice`,
  },
  {
    ask: 'www.silent.org',
    status: 'NOERROR',
    answer: ['198.18.3.40'],
    see: 'one of two servers is off: slower at worst, and not again',
  },
  {
    ask: 'www.old.org',
    status: 'NOERROR',
    answer: ['198.18.3.60'],
    see: 'a server that takes EDNS for garbage is asked again without',
  },
  {
    ask: 'www.lowercase.org',
    status: 'NOERROR',
    answer: ['198.18.3.70'],
    see: 'a server that does not copy the case it was asked in',
  },
  {
    ask: 'www.lame.org',
    status: 'SERVFAIL',
    answer: [],
    see: 'its only server refers upwards, to the root: lame',
  },
  { ask: 'www.refused.org', status: 'SERVFAIL', answer: [], see: 'its only server refuses' },
  {
    ask: 'www.ping.com',
    status: 'SERVFAIL',
    answer: [],
    see: 'served by a name in pong.net, which is served by a name in ping.com',
  },
  {
    ask: 'www.loop.org',
    status: 'SERVFAIL',
    answer: [],
    see: 'an alias that leads back to itself through ring.com',
  },
];

/** Of names whose answers are chosen, from `playground/pools.example.zone`. */
export const POOL_TOUR: readonly Stop[] = [
  {
    ask: 'www.pools.example',
    status: 'NOERROR',
    answer: 1,
    see: 'weights: seven answers of ten are 127.53.5.1, three are 127.53.5.2',
  },
  {
    ask: 'pools.example',
    status: 'NOERROR',
    answer: 1,
    see: 'the apex, from the same pool, without a CNAME',
  },
  {
    ask: '_http._tcp.pools.example SRV',
    status: 'NOERROR',
    answer: 2,
    see: 'the same members for programs, with their ports and weights',
  },
  {
    ask: 'db.pools.example',
    status: 'NOERROR',
    answer: ['127.53.5.3'],
    see: 'the first tier, 127.53.5.9, is down: so the second',
  },
  {
    ask: 'geo.pools.example',
    status: 'NOERROR',
    answer: ['127.53.5.6'],
    see: 'by place; with "dig -b 127.1.0.1" or "dig +subnet=198.18.0.0/24" another one',
  },
  {
    ask: 'api.pools.example',
    status: 'NOERROR',
    answer: 2,
    see: 'a canary: one CNAME of ten leads to v2.api',
  },
  { ask: 'shop.pools.example', status: 'NOERROR', answer: SHOP, see: 'the addresses of www.shop.org' },
];

export interface Order {
  /** The words behind `cairn`; `--socket` comes behind them. */
  readonly words: string;
  readonly see: string;
}

export const ORDERS: readonly Order[] = [
  { words: 'explain www.lame.org', see: 'each step to an answer, or why there is none' },
  { words: 'explain db.pools.example', see: 'each stage of a choice: who went, and why' },
  { words: 'explain geo.pools.example --from 127.2.0.1', see: 'the same for another client' },
  { words: 'explain --shares www.pools.example', see: 'what many clients get' },
  { words: 'ctl pool list', see: 'members, and how they stand' },
  { words: 'ctl pool drain www.pools.example 127.53.5.1', see: 'takes a member out; ask again' },
  { words: 'ctl pool release www.pools.example 127.53.5.1', see: 'lets its checks decide again' },
];

/** Of the machines of the internet and the members of pools, unless another one is wanted. */
export const UPSTREAM_PORT = 5301;

export interface PlaygroundFiles {
  /** The control socket. */
  readonly socket: string;
  /** The zone file, to be changed by whoever plays. */
  readonly zone: string;
}

export interface Ports {
  readonly port: number;
  readonly upstreamPort: number;
}

/** What stands on the screen while the playground runs. */
export function tourText({ port, upstreamPort, socket, zone }: Ports & PlaygroundFiles): string {
  return `A small internet, on this machine only: a root, four registries, hosting, and some of it broken on
purpose. Its servers stand at 127.53.0.1 and up, port ${upstreamPort}; a server over them, which
resolves their names and has a zone with pools, at 127.0.0.1, port ${port}.

Watch a whole walk, or go it step by step, from the root at 127.53.0.1 on:

  cairn query @127.0.0.1 -p ${port} +trace +traceport=${upstreamPort} www.bakery.com
  dig @127.53.0.1 -p ${upstreamPort} www.bakery.com

Ask the server, with one of these in front of every line below:

  cairn query @127.0.0.1 -p ${port}
  dig @127.0.0.1 -p ${port}

${stopsText(TOUR)}

Pools: their members are web servers at 127.53.5.1 to 127.53.5.6, port ${upstreamPort}. Their zone is
${zone}: change it and save.

${stopsText(POOL_TOUR)}

Have the server tell, with "cairn" in front and "--socket ${socket}" behind:

${rowsText(ORDERS.map(({ words, see }) => [words, see]))}

Ctrl-C ends it.
`;
}

const stopsText = (stops: readonly Stop[]): string =>
  rowsText(stops.map(({ ask, see, status }) => [ask, status === 'NOERROR' ? see : `${status}: ${see}`]));

function rowsText(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([words]) => words.length)) + 2;
  return rows.map(([words, see]) => `  ${words.padEnd(width)}${see}`).join('\n');
}

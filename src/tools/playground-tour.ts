/**
 * What to ask in the playground and what to see: one stop for every corner, good and bad. People read it as a
 * table; the test asks every stop and compares, so the table cannot rot.
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

export interface Ports {
  readonly port: number;
  readonly upstreamPort: number;
}

/** What stands on the screen while the playground runs. */
export function tourText({ port, upstreamPort }: Ports): string {
  const width = Math.max(...TOUR.map((stop) => stop.ask.length)) + 2;
  const rows = TOUR.map(({ ask, see, status }) => {
    const result = status === 'NOERROR' ? '' : `${status}: `;
    return `  ${ask.padEnd(width)}${result}${see}`;
  });
  return `A small internet, on this machine only: a root, four registries, hosting, and some of it broken on
purpose. Its servers stand at 127.53.0.1 and up, port ${upstreamPort}; a resolver over them, at 127.0.0.1,
port ${port}.

Watch a whole walk, or go it step by step, from the root at 127.53.0.1 on:

  cairn query @127.0.0.1 -p ${port} +trace +traceport=${upstreamPort} www.bakery.com
  dig @127.53.0.1 -p ${upstreamPort} www.bakery.com

Ask the resolver, with one of these in front of every line below:

  cairn query @127.0.0.1 -p ${port}
  dig @127.0.0.1 -p ${port}

${rows.join('\n')}

Ctrl-C ends it.
`;
}

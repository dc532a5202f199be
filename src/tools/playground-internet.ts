/**
 * The playground's servers: who stands at which address, what zones it holds, and what is wrong with it. The
 * zones' texts are the files in `playground/`; delegations there and addresses here must agree, and a test
 * walks them all.
 */
import { realWorld, type World } from '../base/world.ts';
import { type Fault, lowercasing, silent, slow, withoutEdns } from './playground-faults.ts';

export interface Machine {
  readonly address: string;
  /** Zones by name; each is the file of that name. */
  readonly zones: readonly string[];
  readonly fault?: Fault;
}

export const ROOT_SERVERS = [
  { name: 'a.root-servers.net.', address: '127.53.0.1' },
  { name: 'b.root-servers.net.', address: '127.53.0.2' },
] as const;

const HOSTING = ['plenty-hosting.net', 'shop.org', 'bakery.com', 'big.org', 'loop.org', 'ring.com'];
export const SLOW_MS = 700;

export const machines = (world: World = realWorld): readonly Machine[] => [
  ...ROOT_SERVERS.map(({ address }) => ({ address, zones: ['.', 'arpa'] })),
  { address: '127.53.1.1', zones: ['com', 'net'] },
  { address: '127.53.1.2', zones: ['com', 'net'] },
  { address: '127.53.1.3', zones: ['org'] },
  { address: '127.53.1.4', zones: ['in-addr.arpa', 'ip6.arpa'] },
  { address: '127.53.2.1', zones: [...HOSTING, '18.198.in-addr.arpa'] },
  { address: '127.53.2.2', zones: [...HOSTING, '18.198.in-addr.arpa'] },
  { address: '127.53.2.3', zones: ['acme.com'] },
  { address: '127.53.2.4', zones: ['lab.acme.com'] },
  // Told by its parent to serve lame.org, and knows the root alone: it refers upwards.
  { address: '127.53.3.1', zones: ['.'] },
  // Told to serve refused.org, and has no zone at all.
  { address: '127.53.3.2', zones: [] },
  { address: '127.53.3.3', zones: ['slow.org'], fault: slow(SLOW_MS, world) },
  { address: '127.53.3.4', zones: ['silent.org'], fault: silent },
  { address: '127.53.3.5', zones: ['silent.org'] },
  { address: '127.53.3.6', zones: ['old.org'], fault: withoutEdns },
  { address: '127.53.3.7', zones: ['lowercase.org'], fault: lowercasing },
];

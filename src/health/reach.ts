/**
 * Where probes may go. What zones say must not turn the server into a means to reach what only it can reach
 * (SSRF): unless the operator names the networks, this machine, its link, and the addresses at which clouds
 * tell secrets are never probed, nor are our own doors. In: an address and a port. Out: why not, in words.
 */
import { ipText, parseIp } from '../base/ip.ts';
import { PrefixSet, unmapped } from '../base/prefix.ts';
import type { ProbeTerms } from './check.ts';
import type { Endpoint } from './conversation.ts';

interface Ban {
  readonly what: string;
  readonly prefixes: readonly string[];
}

/** A `PrefixSet` undresses IPv4-mapped addresses (RFC 4291 §2.5.5.2). */
const BANS: readonly Ban[] = [
  { what: 'unspecified', prefixes: ['0.0.0.0/8', '::'] },
  { what: 'loopback', prefixes: ['127.0.0.0/8', '::1'] },
  { what: 'link-local', prefixes: ['169.254.0.0/16', 'fe80::/10'] },
  { what: 'multicast or reserved', prefixes: ['224.0.0.0/3', 'ff00::/8'] },
  {
    // Alibaba, Oracle, Azure, AWS; the common one is link-local.
    what: 'the metadata of a cloud',
    prefixes: ['100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254'],
  },
  {
    // RFC 4291 §2.5.5.1; RFC 6052 §2.1; RFC 3056 §2.
    what: 'an IPv4 address of this machine or its link in IPv6 clothes',
    prefixes: [
      ...['::/96', '64:ff9b::/104', '64:ff9b::127.0.0.0/104', '64:ff9b::169.254.0.0/112'],
      ...['64:ff9b::224.0.0.0/99', '2002::/24', '2002:7f00::/24', '2002:a9fe::/32', '2002:e000::/19'],
    ],
  },
];

const everywhere = BANS.map(({ what, prefixes }) => ({ what, set: setOf(prefixes) }));

export type Refuses = (to: Endpoint) => string | undefined;

/** `own` are our doors, for the moment: each an address and a port. */
export function refusesProbes({ allow }: Pick<ProbeTerms, 'allow'>, own: readonly Endpoint[]): Refuses {
  const doors = new Set(own.map(({ address, port }) => `${address} ${port}`));
  const allowed = allow && setOf(allow);
  return ({ address, port }) => {
    const bytes = parseIp(address);
    if (bytes === undefined) return 'no address';
    if (allowed !== undefined) return allowed.hasBytes(bytes) ? undefined : 'not in probes.allow';
    const ban = everywhere.find(({ set }) => set.hasBytes(bytes));
    const isDoor = doors.has(`${ipText(unmapped(bytes))} ${port}`);
    return ban?.what ?? (isDoor ? 'a door of this server' : undefined);
  };
}

function setOf(prefixes: readonly string[]): PrefixSet {
  const set = PrefixSet.parse(prefixes);
  if (set instanceof PrefixSet) return set;
  throw new RangeError('the schema lets only prefixes pass');
}

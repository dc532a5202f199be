/**
 * The form of `recursion.dns64`. In: a table as in cairn.yaml, or false. Out: what the resolver is told of
 * it, and for which clients.
 */
import { z } from 'zod';
import { ipText, parseIpv6 } from '../base/ip.ts';
import { DNS64_PREFIX_BITS } from '../resolver/dns64.ts';
import { type Name, nameFromText } from '../wire/name.ts';
import { expected, list, name, PREFIX, prefix, table } from './schema-parts.ts';
import type { RecursionSettings } from './settings.ts';

const NAT64 = `an IPv6 prefix of ${DNS64_PREFIX_BITS.join(', ')} bits, such as 64:ff9b::/96`;
/** RFC 6052 §2.2: bits 64 to 71 are zero. */
const ZERO_BYTE = 8;

const nat64 = z.string(expected(NAT64)).transform((text, context) => {
  const [, address = '', bits] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const bytes = parseIpv6(address);
  const isLength = DNS64_PREFIX_BITS.includes(Number(bits));
  const isClean = bytes?.subarray(Number(bits) / 8).every((byte) => byte === 0) && bytes[ZERO_BYTE] === 0;
  if (bytes !== undefined && isLength && isClean) return `${ipText(bytes)}/${bits}`;
  const what =
    isLength && bytes !== undefined ? `${NAT64}, with zeros behind it and in bits 64 to 71` : NAT64;
  context.issues.push({ code: 'custom', message: `expected ${what}`, input: text });
  return z.NEVER;
});

const settings = table({
  prefix: nat64.prefault('64:ff9b::/96').meta({ description: 'The prefix of the NAT64.' }),
  clients: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault(['0.0.0.0/0', '::/0'])
    .meta({ description: 'Clients that are told such addresses; by default all that may recurse.' }),
  exclude: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault(['::ffff:0:0/96'])
    .meta({ description: 'AAAA in these prefixes count as absent.' }),
  ignore: list(name, 'domain names')
    .prefault([])
    .meta({ description: 'Names at and below which all AAAA count as absent.' }),
});

export const dns64 = z
  .union([z.literal(false), settings], expected('a table of prefix, clients, exclude and ignore, or false'))
  .prefault(false)
  .transform((given): RecursionSettings['dns64'] =>
    given === false
      ? undefined
      : { ...given, ignore: given.ignore.map((text) => nameFromText(text) as Name) },
  )
  .meta({ description: 'AAAA made of A, for clients behind a NAT64 (RFC 6147).' });

/**
 * The form of `recursion.clientSubnet`. In: a table as in cairn.yaml, or false. Out: which servers are told
 * how much of clients' addresses, and with which names.
 */
import { z } from 'zod';
import { type Name, nameFromText } from '../wire/name.ts';
import { count, expected, list, name, PREFIX, prefix, table } from './schema-parts.ts';
import type { RecursionSettings } from './settings.ts';

const bits = (of: string, most: number) =>
  count('a number of bits', 1, most).meta({ description: `How much is told of an ${of} address.` });

/** RFC 7871 §11.1: no more than /24 and /56. */
const settings = table({
  servers: list(prefix(PREFIX), 'addresses and prefixes').meta({ description: 'Servers that are told.' }),
  zones: list(name, 'domain names').meta({ description: 'Names at and below which they are told.' }),
  ipv4: bits('IPv4', 32).prefault(24),
  ipv6: bits('IPv6', 128).prefault(56),
});

export const clientSubnet = z
  .union([z.literal(false), settings], expected('a table of servers, zones, ipv4 and ipv6, or false'))
  .prefault(false)
  .transform((given): RecursionSettings['clientSubnet'] => {
    if (given === false) return undefined;
    const zones = given.zones.map((text) => nameFromText(text) as Name);
    return { servers: given.servers, zones, ipv4Bits: given.ipv4, ipv6Bits: given.ipv6 };
  })
  .meta({ description: 'Servers that are told of the networks of clients (RFC 7871).' });

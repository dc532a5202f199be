/**
 * The form of `recursion` in cairn.yaml: whom to ask, how, and what to remember. In and out as in `schema`.
 */
import { z } from 'zod';
import { RESOLUTION_MS_MAX } from '../base/limits.ts';
import { MINIMISATIONS } from '../resolver/minimise.ts';
import { clientSubnet } from './schema-client-subnet.ts';
import { dns64 } from './schema-dns64.ts';
import { checkZones, forward, routesOf, stub } from './schema-forwarding.ts';
import { freshnessFrom, freshnessKeys } from './schema-freshness.ts';
import {
  count,
  duration,
  expected,
  flag,
  list,
  name,
  PREFIX,
  prefix,
  size,
  table,
  text,
  whereRight,
} from './schema-parts.ts';
import { rebinding, rules } from './schema-rules.ts';
import { DEFAULTS, OWN } from './settings.ts';

export const recursion = table({
  enabled: flag.prefault(true).meta({ description: 'Whether names that are not in our zones are resolved.' }),
  allow: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault([...DEFAULTS.allow])
    .meta({ description: 'Clients that may have names resolved; others are refused.' }),
  rootHints: text('the name of a file')
    .optional()
    .meta({ description: 'Names and addresses of root servers; by default those of the IANA root.' }),
  localRoot: text('the name of a file')
    .optional()
    .meta({ description: 'A zone file of the root, to be asked in place of its servers (RFC 8806).' }),
  neverQuery: list(prefix(`${PREFIX}, or ${OWN}`, OWN), `addresses and prefixes, or ${OWN}`)
    .prefault([...DEFAULTS.neverQuery])
    .transform((texts) => ({
      own: texts.includes(OWN),
      prefixes: texts.filter((t) => t !== OWN),
    }))
    .meta({ description: `Addresses never asked as upstream; "${OWN}" means this machine's own.` }),
  upstreamPort: count('a port', 1, 65_535)
    .prefault(DEFAULTS.upstreamPort)
    .meta({ description: 'The port at which other servers are asked.' }),
  localNames: list(name, 'domain names')
    .optional()
    .meta({ description: 'Names answered here and never asked upstream; by default those that RFCs name.' }),
  forward,
  stub,
  dns64,
  clientSubnet,
  minimise: z
    .enum(MINIMISATIONS, expected(`one of ${MINIMISATIONS.join(', ')}`))
    .prefault('relaxed')
    .meta({ description: 'How little of a name other servers are shown on the way to it (RFC 9156).' }),
  cacheBytes: size(2 ** 20)
    .prefault(DEFAULTS.cacheBytes)
    .meta({ description: 'Memory for what was learned from other servers.' }),
  clientTimeout: duration(100, RESOLUTION_MS_MAX)
    .prefault(DEFAULTS.clientTimeout)
    .meta({ description: 'How long a client waits at most; then it is answered SERVFAIL.' }),
  rules: rules
    .prefault([])
    .meta({ description: 'Data of our own, aliases, blocks and exceptions; the first list wins.' }),
  rebinding: rebinding.prefault({}),
  ...freshnessKeys,
})
  .refine(({ minTtl, maxTtl }) => minTtl <= maxTtl, {
    ...expected('a time no longer than maxTtl'),
    path: ['minTtl'],
    ...whereRight('minTtl', 'maxTtl'),
  })
  .superRefine(checkZones, whereRight('forward', 'stub'))
  .transform(
    ({
      clientTimeout,
      rootHints,
      localRoot,
      localNames,
      forward,
      stub,
      minTtl,
      maxTtl,
      maxNegativeTtl,
      prefetch,
      stale,
      ...rest
    }) => ({
      ...rest,
      routes: routesOf({ forward, stub }),
      rootHints,
      localRoot,
      localNames,
      clientMs: clientTimeout,
      freshness: freshnessFrom({ minTtl, maxTtl, maxNegativeTtl, prefetch, stale }),
    }),
  );

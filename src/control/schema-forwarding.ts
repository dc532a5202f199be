/**
 * The form of `recursion.forward` and `recursion.stub`: zones by name, each with whom to ask. In: tables as
 * in cairn.yaml. Out: `Route`s, or what is wrong with them.
 */
import { z } from 'zod';
import { ipText, parseIpv4, parseIpv6 } from '../base/ip.ts';
import type { Route } from '../resolver/routes.ts';
import { concreteAddresses, type Listen } from '../transport/addresses.ts';
import { isWithin, type Name, nameFromText, nameKey, nameText } from '../wire/name.ts';
import { expected, flag, list, name, table } from './schema-parts.ts';

const SERVER =
  'an address, perhaps with a port, or a name, as in 192.0.2.53, 2001:db8::53@5353 or ns1.example';

const DNS_PORT = 53;

/** An address as `Route` has it, or a name. */
type Target = string | Name;

const target = z.string(expected(SERVER)).transform((text, context): Target => {
  const [, host = '', port] = /^([^@]*)(?:@([1-9]\d{0,4}))?$/.exec(text) ?? [];
  const address = parseIpv4(host) ?? parseIpv6(host);
  const isPort = port === undefined || Number(port) <= 65_535;
  if (address !== undefined && isPort) return ipText(address) + (port === undefined ? '' : `@${port}`);
  // A last label of digits is an address with a slip of the pen; no such domain is on the internet.
  const isHost = /^[^:/]*[^\d:/.][^.:/]*\.?$/.test(host) && port === undefined;
  const parsed = isHost ? nameFromText(host) : undefined;
  if (parsed !== undefined && parsed.length > 1) return parsed;
  context.issues.push({ code: 'custom', message: `expected ${SERVER}`, input: text });
  return z.NEVER;
});

const SERVERS = 'a list of at least one server';
const servers = list(target, 'servers').min(1, expected(SERVERS));
const plain = servers.transform((to) => ({ to, tcp: false, first: false }));
const to = servers.meta({ description: 'Addresses, perhaps with @ and a port, or names, of servers.' });
const tcp = flag.prefault(false).meta({ description: 'Whether they are asked over TCP only.' });
const first = flag
  .prefault(false)
  .meta({ description: 'Whether names are resolved from the root where no forwarder resolves them.' });

const FORWARD = `${SERVERS}, a table of to, first and tcp, or false for none`;
const STUB = `${SERVERS}, or a table of to and tcp`;

export const forward = z
  .record(
    name,
    z.union([z.literal(false), plain, table({ to, first, tcp })], expected(FORWARD)),
    expected('a table of zones'),
  )
  .prefault({})
  .meta({ description: 'Zones, each with the resolvers that are asked for it; false for none below one.' });

export const stub = z
  .record(
    name,
    z.union([plain, table({ to, tcp }).transform((rule) => ({ ...rule, first: false }))], expected(STUB)),
    expected('a table of zones'),
  )
  .prefault({})
  .meta({ description: 'Zones, each with the servers that are asked for it, whoever is delegated to.' });

interface Rule {
  readonly to: readonly Target[];
  readonly tcp: boolean;
  readonly first: boolean;
}

interface Tables {
  readonly forward: Readonly<Record<string, Rule | false>>;
  readonly stub: Readonly<Record<string, Rule>>;
}

const TABLES = ['forward', 'stub'] as const;

export function checkZones(tables: Tables, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const how of TABLES) {
    for (const [zone, rule] of Object.entries(tables[how])) {
      const complain = (what: string): void =>
        context.addIssue({ code: 'custom', path: [how, zone], message: `expected ${what}` });
      const apex = nameFromText(zone) as Name;
      if (seen.has(nameKey(apex))) complain('each zone once, in forward or in stub');
      if (rule !== false && namesIn(rule).some((each) => isWithin(each, apex)))
        complain('addresses, or names outside of the zone, which no server in it leads to');
      seen.add(nameKey(apex));
    }
  }
}

/** Of tables that were checked. */
export const routesOf = (tables: Tables): Route[] =>
  TABLES.flatMap((how) =>
    Object.entries(tables[how]).map(([zone, rule]) => routeOf(how, nameFromText(zone) as Name, rule)),
  );

const namesIn = ({ to }: Rule): Name[] => to.filter((each) => typeof each !== 'string');

function routeOf(how: 'forward' | 'stub', apex: Name, rule: Rule | false): Route {
  if (rule === false) return { how: 'iterate', apex, servers: [], via: 'udp', first: false };
  const addresses = rule.to.filter((each) => typeof each === 'string');
  const named = namesIn(rule).map((each) => ({ name: each, addresses: [] }));
  const servers = addresses.length > 0 ? [{ name: apex, addresses }, ...named] : named;
  return { how, apex, servers, via: rule.tcp ? 'tcp' : 'udp', first: rule.first };
}

/** Who is asked for names that it would ask itself for again. */
export function refuseSelf(
  {
    listen,
    recursion,
  }: { listen: readonly Listen[]; recursion: { routes: readonly Route[]; upstreamPort: number } },
  context: z.RefinementCtx,
): void {
  if (recursion.routes.length === 0) return;
  const everywhere = { address: '*', port: DNS_PORT };
  const doors = (listen.length === 0 ? [everywhere] : listen).flatMap(({ address, port }) =>
    concreteAddresses(address).map((each) => `${each}@${port}`),
  );
  const own = new Set(doors);
  for (const { how, apex, servers } of recursion.routes) {
    const addresses = servers.flatMap((server) => server.addresses);
    const self = addresses.find((each) =>
      own.has(each.includes('@') ? each : `${each}@${recursion.upstreamPort}`),
    );
    if (self === undefined) continue;
    const key = apex.length === 1 ? '.' : nameText(apex).slice(0, -1);
    const message = `expected other servers than this one, which listens at ${self}`;
    context.addIssue({ code: 'custom', path: ['recursion', how, key], message });
  }
}

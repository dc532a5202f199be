/**
 * The form of cairn.yaml: what each key takes, in words for complaints and as a JSON Schema for editors. In:
 * a plain value as YAML gives it, flags laid over it. Out: `Settings`, durations in milliseconds and sizes in
 * bytes.
 */
import { z } from 'zod';
import {
  DRAIN_MS_MAX,
  FRONTS_MAX,
  NSID_BYTES_MAX,
  RATE_LIMIT_PER_SECOND_MAX,
  RATE_LIMIT_SLIP_MAX,
  RATE_LIMIT_TOTAL_MULTIPLE,
  RATE_LIMIT_WINDOW_MS_MAX,
  UDP_BYTES_CONFIGURABLE_MAX,
  UDP_PLAIN_BYTES_MAX,
} from '../base/limits.ts';
import { parseListen } from '../transport/addresses.ts';
import { LOG_FORMATS, LOG_LEVELS, QUERY_LOG_FORMATS, type QueryLogSettings } from './log.ts';
import { checks, probes } from './schema-checks.ts';
import { refuseSelf } from './schema-forwarding.ts';
import {
  count,
  duration,
  expected,
  flag,
  list,
  name,
  PREFIX,
  prefix,
  table,
  text,
  textOrOff,
} from './schema-parts.ts';
import { places, pools } from './schema-pools.ts';
import { recursion } from './schema-recursion.ts';
import { DEFAULTS, type Settings, threadsDefault } from './settings.ts';

/** Where exporters of DNS servers are usually found. */
const HTTP_PORT = 9_153;

const address = (defaultPort?: number) =>
  z.string(expected('an address to listen on')).transform((t, context) => {
    const meant = parseListen(t, defaultPort);
    if (typeof meant !== 'string') return meant;
    context.issues.push({ code: 'custom', message: `expected ${meant}`, input: t });
    return z.NEVER;
  });

const NSID = `a text of at most ${NSID_BYTES_MAX} bytes, or false for none`;
const nsid = z.union(
  [text(NSID).refine((t) => Buffer.byteLength(t) <= NSID_BYTES_MAX, expected(NSID)), z.literal(false)],
  expected(NSID),
);

const identity = table({
  version: textOrOff('a text')
    .prefault(DEFAULTS.version)
    .meta({ description: 'version.bind, version.server' }),
  hostname: textOrOff('a text').prefault(false).meta({ description: 'hostname.bind' }),
  id: textOrOff('a text').prefault(false).meta({ description: 'id.server' }),
  nsid: nsid.prefault(false).meta({ description: 'What is told to who asks with the EDNS option NSID.' }),
});

const perSecond = (of: string) =>
  count('a number', 0, RATE_LIMIT_PER_SECOND_MAX)
    .prefault(DEFAULTS.perSecond)
    .meta({ description: `${of} per second to one prefix of clients (/24, /56); 0 is without limit.` });

const TOTAL_MAX = RATE_LIMIT_TOTAL_MULTIPLE * RATE_LIMIT_PER_SECOND_MAX;

/** Nobody who lifts one of the limits is to find another one behind it. */
const totalDefault = (...rates: number[]): number =>
  rates.includes(0) ? 0 : RATE_LIMIT_TOTAL_MULTIPLE * Math.max(...rates);

const rateLimit = table({
  enabled: flag.prefault(true).meta({ description: 'Whether floods of responses over UDP are cut short.' }),
  responsesPerSecond: perSecond('The same answer'),
  nxdomainsPerSecond: perSecond('NXDOMAIN of one zone'),
  errorsPerSecond: perSecond('Errors'),
  totalPerSecond: count('a number', 0, TOTAL_MAX)
    .optional()
    .meta({
      description: `All of these together; by default ${RATE_LIMIT_TOTAL_MULTIPLE} times the largest.`,
    }),
  window: duration(1_000, RATE_LIMIT_WINDOW_MS_MAX)
    .prefault(DEFAULTS.window)
    .meta({ description: 'How long answers stay held back after a flood has ended.' }),
  slip: count('a number', 0, RATE_LIMIT_SLIP_MAX)
    .prefault(DEFAULTS.slip)
    .meta({ description: 'Every so many of the responses held back goes out truncated; 0 is none.' }),
  exempt: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault([...DEFAULTS.exempt])
    .meta({ description: 'Clients that are never limited.' }),
}).transform(
  ({
    responsesPerSecond: responses,
    nxdomainsPerSecond: nxdomains,
    errorsPerSecond: errors,
    totalPerSecond: total = totalDefault(responses, nxdomains, errors),
    window: windowMs,
    ...rest
  }) => ({ ...rest, responses, nxdomains, errors, total, windowMs }),
);

const SECRETS = 'one or two secrets, the first to make cookies';
const cookies = table({
  enabled: flag.prefault(true).meta({ description: 'Whether DNS Cookies are given and looked at.' }),
  secrets: list(
    z
      .string(expected('a secret'))
      .regex(/^[0-9a-f]{32}$/i, expected('a secret of 32 hexadecimal digits, as of "openssl rand -hex 16"')),
    SECRETS,
  )
    .min(1, expected(SECRETS))
    .max(2, expected(SECRETS))
    .optional()
    .meta({
      description: 'The same at all servers behind one address; by default one drawn at random each day.',
    }),
  requireOverLimit: flag
    .prefault(true)
    .meta({ description: 'Whether who is over the limit gets BADCOOKIE where it would get TC.' }),
}).transform(({ secrets, ...rest }) => ({ ...rest, secrets }));

const tcp = table({
  clients: count('a number', 1, 65_535)
    .prefault(DEFAULTS.tcpClients)
    .meta({ description: 'Connections at a time.' }),
  clientsPerAddress: count('a number', 1, 65_535)
    .prefault(DEFAULTS.tcpClientsPerAddress)
    .meta({ description: 'Connections at a time from one address or IPv6 /64.' }),
  idle: duration(100, 600_000)
    .prefault(DEFAULTS.tcpIdle)
    .meta({ description: 'How long a connection may stay open without a question.' }),
}).transform(({ clients, clientsPerAddress, idle }) => ({
  clientsMax: clients,
  clientsPerAddressMax: clientsPerAddress,
  idleMs: idle,
}));

const SAMPLE = /^1\/([1-9]\d{0,5})$/;

const target = expected('the name of a file, or unix: and the path of a socket');

const sampled = table({
  sample: z
    .string(expected('a share such as 1/100'))
    .regex(SAMPLE, expected('a share from 1/1 to 1/999999, such as 1/100'))
    .prefault('1/1')
    .transform((t) => Number(t.slice(2)))
    .meta({ description: 'How many of the queries are logged, drawn by chance.' }),
  format: z
    .enum(QUERY_LOG_FORMATS, expected(`one of ${QUERY_LOG_FORMATS.join(', ')}`))
    .prefault('json')
    .meta({ description: 'Lines of JSON, or dnstap in Frame Streams.' }),
  to: z
    .string(target)
    .regex(/^(?!unix:$)./, target)
    .optional()
    .meta({ description: 'A file, or unix: and the path of a socket; by default the log itself.' }),
})
  .refine(({ format, to }) => format === 'json' || to !== undefined, {
    ...expected('a file or socket for dnstap, which is not text'),
    path: ['to'],
  })
  .transform(({ sample, format, to }) => ({ every: sample, format, to: queryTarget(to) }));

function queryTarget(t: string | undefined): QueryLogSettings['to'] {
  if (t === undefined) return undefined;
  return t.startsWith('unix:') ? { kind: 'unix', path: t.slice(5) } : { kind: 'file', path: t };
}

const EVERY_QUERY = { every: 1, format: 'json', to: undefined } as const;

const queries = z.union(
  [flag.transform((on) => on && EVERY_QUERY), sampled],
  expected('true, false, or a table of sample, format and to'),
);

const log = table({
  level: z.enum(LOG_LEVELS, expected(`one of ${LOG_LEVELS.join(', ')}`)).prefault('info'),
  format: z
    .enum(LOG_FORMATS, expected(`one of ${LOG_FORMATS.join(', ')}`))
    .prefault('auto')
    .meta({ description: 'JSON lines, text for people, or text exactly when the output is a terminal.' }),
  queries: queries
    .prefault(false)
    .meta({ description: 'One line per query, or per sampled query, and where they go.' }),
});

const http = table({
  listen: z
    .union([address(HTTP_PORT), z.literal(false)], expected('an address to listen on, or false for none'))
    .prefault(false)
    .meta({ description: 'Where /metrics, /livez and /readyz are told, to everybody who can ask.' }),
});

const control = table({
  socket: textOrOff('the path of a socket').optional().meta({
    description: 'Where "cairn ctl" and "cairn explain" reach this server; its owner alone can open it.',
  }),
  top: flag.prefault(true).meta({ description: 'Whether "cairn ctl top" is to know who asks most.' }),
}).transform(({ socket, top }) => ({ socket, top }));

const cache = table({
  images: text('the name of a folder').optional().meta({
    description: 'A folder of its own for compiled zones, so that the next start need not read text.',
  }),
  learned: text('the name of a file').optional().meta({
    description:
      'A file for what was learned from other servers, written at a stop and read at the next start.',
  }),
}).transform(({ images, learned }) => ({ images, learned }));

const account = z
  .union([text('a name'), z.int().min(0).transform(String)], expected('a name or a number'))
  .optional();

export const schema = table({
  listen: list(address(), 'addresses')
    .prefault([...DEFAULTS.listen])
    .meta({ description: 'Where to answer, UDP and TCP; by default port 53 of every local address.' }),
  threads: count('a number', 0, FRONTS_MAX).optional().meta({
    description: 'Threads that answer UDP; by default one less than there are cores, at least one.',
  }),
  zones: text('the name of a folder')
    .optional()
    .meta({ description: 'A folder: each NAME.zone in it is the zone NAME; root.zone is the root.' }),
  zone: z
    .record(name, text('the name of a file'), expected('a table of zone names and files'))
    .prefault({ ...DEFAULTS.zone })
    .meta({ description: 'Zones by name, each with its file.' }),
  allowQuery: list(prefix(PREFIX), 'addresses and prefixes')
    .optional()
    .meta({ description: 'Clients that may ask anything at all; by default everybody.' }),
  recursion: recursion.prefault({}),
  cache: cache.prefault({}),
  checks,
  probes,
  hosts: textOrOff('the name of a hosts file')
    .prefault(false)
    .meta({ description: 'A hosts file to serve to those who may recurse, such as /etc/hosts.' }),
  identity: identity
    .prefault({})
    .meta({ description: 'What is told to who asks in class CH; false is off.' }),
  places,
  pools: pools.prefault({}),
  udpSize: count('a number of bytes', UDP_PLAIN_BYTES_MAX, UDP_BYTES_CONFIGURABLE_MAX)
    .prefault(DEFAULTS.udpSize)
    .meta({ description: 'What a response over UDP has at most; what does not fit goes over TCP.' }),
  rateLimit: rateLimit.prefault({}),
  cookies: cookies.prefault({}),
  tcp: tcp.prefault({}),
  user: account.meta({ description: 'Whom to become when started as root.' }),
  group: account.meta({ description: "Its group; by default the user's own." }),
  log: log.prefault({}),
  http: http.prefault({}),
  control: control.prefault({}),
  grace: duration(0, 10 * DRAIN_MS_MAX)
    .prefault(DEFAULTS.grace)
    .meta({ description: 'Time to answer what is in hand when told to stop.' }),
}).transform(({ zones, user, group, allowQuery, grace, threads, ...rest }, context): Settings => {
  refuseSelf(rest, context);
  return {
    ...rest,
    threads: threads ?? threadsDefault(),
    zones,
    user,
    group,
    allowQuery,
    graceMs: grace,
  };
});

export const jsonSchema = (): object => z.toJSONSchema(schema, { io: 'input' });

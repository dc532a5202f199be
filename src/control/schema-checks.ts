/**
 * The form of `checks` and `probes` in cairn.yaml: checks by name, each with the one thing that is done and
 * how often, and where probes may go. In and out as in `schema`.
 */
import { z } from 'zod';
import {
  CHECK_ARGUMENTS_MAX,
  CHECK_FALL,
  CHECK_INTERVAL_MS,
  CHECK_INTERVAL_MS_MAX,
  CHECK_INTERVAL_MS_MIN,
  CHECK_RESULTS_MAX,
  CHECK_RISE,
  CHECK_TIMEOUT_MS,
  CHECK_TIMEOUT_MS_MAX,
  CHECK_TIMEOUT_MS_MIN,
  CHECKS_MAX,
  PROBE_REPLY_BYTES_MAX,
  PROBES_AT_ONCE,
  PROBES_AT_ONCE_MAX,
  PROBES_PER_SECOND,
  PROBES_PER_SECOND_MAX,
} from '../base/limits.ts';
import { CHECK_KINDS, type Check, type Procedure, SERVER_NAME_FORM } from '../health/check.ts';
import { isMetaType, Rcode, typeFromText } from '../wire/codes.ts';
import { type Name, nameFromText } from '../wire/name.ts';
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
  whereRight,
} from './schema-parts.ts';

const port = count('a port', 1, 65_535)
  .optional()
  .meta({ description: "By default the member's port, or the usual one." });

/** These go into a request or a handshake as they are. */
const HOST = 'a host name or an address, perhaps with a port';
const HOST_FORM = /^(?:[\w.-]{1,253}|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;
const SERVER_NAME = 'a host name';
const PATH = 'a path that begins with /, without spaces';
const PATH_FORM = /^\/[!-~]{0,1023}$/;

const STATUS = 'a status such as 200, a range such as 200-399, or a list of them';
const STATUS_FORM = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/;
const status = z
  .union([z.int().transform(String), z.string()], expected(STATUS))
  .transform((t, context): readonly [number, number] => {
    const [, first, last = first] = STATUS_FORM.exec(t) ?? [];
    if (first !== undefined && Number(first) <= Number(last)) return [Number(first), Number(last)];
    context.issues.push({ code: 'custom', message: `expected ${STATUS}`, input: t });
    return z.NEVER;
  });
const statuses = z.union(
  [status.transform((one) => [one]), list(status, 'status codes').min(1, expected(STATUS))],
  expected(STATUS),
);

const web = {
  port,
  path: z
    .string(expected(PATH))
    .regex(PATH_FORM, expected(PATH))
    .prefault('/')
    .meta({ description: 'What is asked for.' }),
  method: z.enum(['GET', 'HEAD'], expected('GET or HEAD')).prefault('GET'),
  host: z
    .string(expected(HOST))
    .regex(HOST_FORM, expected(HOST))
    .optional()
    .meta({ description: 'The header Host; by default the address.' }),
  expect: statuses.prefault('200-399').meta({ description: 'Status codes that are good.' }),
  contains: text('a text')
    .max(256, expected('a text of at most 256 characters'))
    .optional()
    .meta({ description: `What the first ${PROBE_REPLY_BYTES_MAX} bytes of the response must have.` }),
};

const secure = {
  serverName: z
    .string(expected(SERVER_NAME))
    .regex(SERVER_NAME_FORM, expected(SERVER_NAME))
    .optional()
    .meta({ description: 'SNI, and what the certificate is for; by default the host, if there is one.' }),
  verify: flag.prefault(true).meta({ description: 'Whether the certificate has to be good.' }),
};

const BODY = { ...expected('GET, for a text that the body has'), path: ['method'] };
const hasBody = ({ method, contains }: { method: string; contains?: string | undefined }): boolean =>
  method === 'GET' || contains === undefined;

const rcode = z.enum(Object.keys(Rcode), expected('an RCODE such as NOERROR')).transform(rcodeNumber);
const rcodes = z.union(
  [rcode.transform((one) => [one]), list(rcode, 'RCODEs')],
  expected('an RCODE such as NOERROR, or a list of them'),
);

const type = z.string(expected('a record type')).transform((t, context): number => {
  const read = typeFromText(t);
  if (read !== undefined && !isMetaType(read)) return read;
  context.issues.push({ code: 'custom', message: 'expected a record type, such as SOA', input: t });
  return z.NEVER;
});

const COMMAND = `a list of a program, by its whole path, and at most ${CHECK_ARGUMENTS_MAX} arguments`;
const command = list(z.string(expected('a text')).regex(/^[^\0]+$/, expected('a text without NUL')), 'texts')
  .max(1 + CHECK_ARGUMENTS_MAX, expected(COMMAND))
  .refine(([program = '']) => program.startsWith('/'), expected(COMMAND));

const procedures = {
  tcp: table({ port })
    .transform((terms): Procedure => ({ kind: 'tcp', port: terms.port }))
    .optional()
    .meta({ description: 'Whether a connection is accepted.' }),
  tls: table({ port, ...secure })
    .transform((terms): Procedure => ({ kind: 'tls', port: terms.port, tls: tlsTerms(terms) }))
    .optional()
    .meta({ description: 'Whether TLS comes about.' }),
  http: table(web)
    .refine(hasBody, BODY)
    .transform((terms): Procedure => ({ kind: 'http', port: terms.port, http: httpTerms(terms) }))
    .optional()
    .meta({ description: 'What is answered over HTTP.' }),
  https: table({ ...web, ...secure })
    .refine(hasBody, BODY)
    .transform(
      (terms): Procedure => ({
        kind: 'https',
        port: terms.port,
        http: httpTerms(terms),
        tls: tlsTerms(terms),
      }),
    )
    .optional()
    .meta({ description: 'What is answered over HTTPS.' }),
  dns: table({
    port,
    name: name.meta({ description: 'What is asked for.' }),
    type: type.prefault('SOA'),
    expect: rcodes.prefault('NOERROR').meta({ description: 'RCODEs that are good.' }),
  })
    .transform(
      ({ port, name, ...terms }): Procedure => ({
        kind: 'dns',
        port,
        dns: { ...terms, name: nameFromText(name) as Name },
      }),
    )
    .optional()
    .meta({ description: 'What is answered over DNS, by UDP.' }),
  exec: table({
    command: command.meta({
      description: '{address} and {port} stand for those of the member; exit status 0 is up.',
    }),
  })
    .transform((terms): Procedure => ({ kind: 'exec', ...terms }))
    .optional()
    .meta({ description: 'What a program says.' }),
  external: table({})
    .transform((): Procedure => ({ kind: 'external' }))
    .optional()
    .meta({ description: 'What is told by "cairn ctl pool report".' }),
};

function rcodeNumber(text: string): number {
  return Rcode[text as keyof typeof Rcode];
}

type Web = z.output<z.ZodObject<typeof web>>;
const httpTerms = ({ method, path, host, expect, contains }: Web) => ({
  ...{ method, path, host, expect, contains },
});

/** Who is asked for a host is to be that host. */
function tlsTerms({
  serverName,
  verify,
  host,
}: z.output<z.ZodObject<typeof secure>> & { host?: Web['host'] }) {
  const bare = host?.replace(/:\d+$/, '');
  const named = bare !== undefined && SERVER_NAME_FORM.test(bare) ? bare : undefined;
  return { serverName: serverName ?? named, verify };
}

const results = count('a number', 1, CHECK_RESULTS_MAX);
const pace = {
  interval: duration(CHECK_INTERVAL_MS_MIN, CHECK_INTERVAL_MS_MAX)
    .optional()
    .meta({ description: 'How often an address is probed.' }),
  timeout: duration(CHECK_TIMEOUT_MS_MIN, CHECK_TIMEOUT_MS_MAX)
    .optional()
    .meta({ description: 'When a probe has failed; at most the interval.' }),
  rise: results.optional().meta({ description: 'Good results in a row that bring an address back.' }),
  fall: results.optional().meta({ description: 'Bad results in a row that take it out.' }),
};
const PACE = ['interval', 'timeout', 'rise', 'fall'] as const;

const written = table({ ...procedures, ...pace });
type Written = z.output<typeof written>;

function checkKeys(check: Written, context: z.RefinementCtx): void {
  const complain = (path: PropertyKey[], what: string): void =>
    context.addIssue({ code: 'custom', path, message: `expected ${what}` });
  if (CHECK_KINDS.filter((kind) => check[kind] !== undefined).length !== 1)
    complain([], `one of ${CHECK_KINDS.join(', ')}`);
  const { interval = CHECK_INTERVAL_MS, timeout = 0, external } = check;
  if (timeout > interval) complain(['timeout'], 'no more than the interval');
  for (const key of external === undefined ? [] : PACE)
    if (check[key] !== undefined) complain([key], 'none where others tell the result');
}

function checkOf(name: string, { interval: intervalMs = CHECK_INTERVAL_MS, ...check }: Written): Check {
  const { timeout: timeoutMs = Math.min(CHECK_TIMEOUT_MS, intervalMs), rise, fall } = check;
  const kind = CHECK_KINDS.find((each) => check[each] !== undefined) as (typeof CHECK_KINDS)[number];
  const procedure = check[kind] as Procedure;
  return { name, procedure, intervalMs, timeoutMs, rise: rise ?? CHECK_RISE, fall: fall ?? CHECK_FALL };
}

const LABEL = 'a name of 1 to 63 letters, digits, . _ and -';
const MANY = `at most ${CHECKS_MAX} checks`;

export const checks = z
  .record(
    z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/, expected(LABEL)),
    written.superRefine(checkKeys, whereRight(...CHECK_KINDS, ...PACE)),
    expected('a table of checks by name'),
  )
  .refine((all) => Object.keys(all).length <= CHECKS_MAX, expected(MANY))
  .transform((all): Check[] => Object.entries(all).map(([name, check]) => checkOf(name, check)))
  .prefault({})
  .meta({ description: 'Checks by name, for the attribute check= of pools.' });

export const probes = table({
  allow: list(prefix(PREFIX), 'addresses and prefixes').optional().meta({
    description:
      'What may be probed; by default all but this machine, its link, metadata of clouds, and our own doors.',
  }),
  perSecond: count('a number', 1, PROBES_PER_SECOND_MAX)
    .prefault(PROBES_PER_SECOND)
    .meta({ description: 'How many probes begin in a second at most.' }),
  atOnce: count('a number', 1, PROBES_AT_ONCE_MAX)
    .prefault(PROBES_AT_ONCE)
    .meta({ description: 'How many probes are under way at a time at most.' }),
})
  .transform(({ allow, perSecond, atOnce }) => ({ allow, perSecond, atOnce }))
  .prefault({})
  .meta({ description: 'What health checks may do.' });

/**
 * The flags of `serve` and `check`, as yargs wants them described, and a way to read `serve` with plain flags
 * without it: yargs is a seventh of a start, and has nothing to say where nothing is odd. In: the words after
 * `cairn`; out: the values yargs would give, or undefined, and then yargs is asked.
 */
import { parseArgs } from 'node:util';

const FILES = {
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'Settings to read; else /etc/cairn/cairn.yaml if there is one',
  },
  zones: { type: 'string', requiresArg: true, describe: 'A folder: each NAME.zone in it is the zone NAME' },
} as const;

export const SERVE = {
  config: FILES.config,
  listen: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'ADDRESS:PORT to answer on, repeatable; else port 53 of every local address',
  },
  zones: FILES.zones,
  zone: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'NAME=FILE, a zone and its file, repeatable',
  },
  'no-recursion': { type: 'boolean', describe: 'Answer for our own zones only' },
  'root-hints': {
    type: 'string',
    requiresArg: true,
    describe: 'Where resolution begins; else the root of the IANA',
  },
  'check-only': { type: 'boolean', describe: 'Read everything, tell what is wrong, and do not serve' },
} as const;

export const CHECK = {
  ...FILES,
  schema: { type: 'boolean', describe: 'Print a JSON Schema of the settings' },
} as const;

export const PARSING = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'greedy-arrays': false,
} as const;

export type Values = Readonly<Record<string, unknown>>;

/** Neither like a flag nor with quotes or blanks, of which everybody thinks something else. */
const PLAIN = /^[^-\s"'][^\s"']*$/;

export function plainServe([command, ...args]: readonly string[]): Values | undefined {
  if (command !== 'serve') return undefined;
  const given = givenFlags(args);
  const values: Record<string, unknown> = {};
  for (const [name, found] of given ?? []) {
    const option = SERVE[name as keyof typeof SERVE];
    const isList = 'array' in option;
    if (!isList && found.length > 1) return undefined;
    if (!found.every((value) => value === true || PLAIN.test(String(value)))) return undefined;
    values[name] = isList ? found : found[0];
  }
  return given && values;
}

/** All of them as often as they are given; undefined where there is anything else. */
function givenFlags(args: string[]): [string, (string | boolean)[]][] | undefined {
  const options = Object.fromEntries(
    Object.entries(SERVE).map(([name, { type }]) => [name, { type, multiple: true } as const]),
  );
  try {
    return Object.entries(parseArgs({ args, options }).values) as [string, (string | boolean)[]][];
  } catch {
    return undefined;
  }
}

/**
 * `cairn ctl`: tells the server that runs what to do, or asks how it stands, over its control socket. Prints
 * for people, or lines of JSON. Exit codes: 0 done, 1 refused, 2 nobody there or words that make no sense.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../base/nearest.ts';
import { askServer, ControlExit, spoken } from './control-client.ts';
import { type PoolWord, poolRequest, poolText } from './ctl-pool.ts';
import { serversText, statusText, topText } from './ctl-print.ts';
import { asciiName } from './idna.ts';
import type { Console } from './query.ts';
import { suggestion } from './query-plan.ts';
import { plural } from './trail-print.ts';

const USAGE = `cairn ctl COMMAND [--json] [--socket PATH]

  status                    how the server stands: addresses, zones, cache
  reload                    read settings and zones again, as SIGHUP does
  flush NAME                forget what is known of a name
  flush --subtree NAME      and of all names below it
  flush --all               forget everything that others told
  dump-cache                all that is known, as text
  load-cache FILE           learn it from such a text, which the server reads
  servers [--slow|--lame]   other servers: how fast they answer, and what they cannot do
  top [names]               which names are asked for most, of late
  top parents               …what is above them: a flood of random names is one there
  top clients, networks     …who asks, by address, by /24 and /56
  top servers               …which other servers we ask most
  pool list [NAME]          members of pools, and how they stand
  pool drain [NAME] MEMBER  answer with it no more, whatever its checks say; in all pools, or that one
  pool force [NAME] MEMBER  answer with it, whatever its checks say
  pool release [NAME] MEMBER  …by its checks again
  pool report CHECK ADDRESS up|down [--for TIME]   the result of an external check, and how long it holds

  --json          for programs: a line of JSON each
  --socket PATH   the control socket of the server, if it is not where it usually is
`;

const OPTIONS = {
  subtree: { type: 'boolean' },
  all: { type: 'boolean' },
  slow: { type: 'boolean' },
  lame: { type: 'boolean' },
  for: { type: 'string' },
  json: { type: 'boolean' },
  socket: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flag = 'subtree' | 'all' | 'slow' | 'lame';

interface Command {
  /** Words it takes besides, and flags. */
  readonly words: number;
  readonly flags: readonly Flag[];
  request(words: readonly string[], flags: ReadonlySet<Flag>, forTime: string | undefined): object;
  /** What people read. */
  print(items: readonly never[], result: never, words: readonly string[]): string;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  status: {
    ...{ words: 0, flags: [] },
    request: () => ({ do: 'status' }),
    print: (_, result) => statusText(result),
  },
  reload: {
    ...{ words: 0, flags: [] },
    request: () => ({ do: 'reload' }),
    print: () => 'reloaded\n',
  },
  flush: {
    ...{ words: 1, flags: ['subtree', 'all'] },
    request: flushRequest,
    print: () => 'flushed\n',
  },
  'dump-cache': {
    ...{ words: 0, flags: [] },
    request: () => ({ do: 'dump-cache' }),
    print: () => '',
  },
  'load-cache': {
    ...{ words: 1, flags: [] },
    request: loadRequest,
    print: (_, { facts }: { facts: number }) => `learned ${plural(facts, 'fact')}\n`,
  },
  servers: {
    ...{ words: 0, flags: ['slow', 'lame'] },
    request: (_, flags) => ({
      do: 'servers',
      which: flags.has('lame') ? 'lame' : flags.has('slow') ? 'slow' : 'all',
    }),
    print: (items) => serversText(items),
  },
  top: {
    ...{ words: 1, flags: [] },
    request: ([of = 'names']) => ({ do: 'top', of }),
    print: (items, result) => topText(items, result),
  },
  pool: {
    ...{ words: 4, flags: [] },
    request: (words, _, forTime) => poolRequest(words, forTime),
    print: (items, result, [what]) => poolText(what as PoolWord, items, result),
  },
};

function flushRequest([name]: readonly string[], flags: ReadonlySet<Flag>): object {
  if (flags.has('all') && flags.has('subtree')) throw new Error('flush: --all has every subtree in it');
  if (flags.has('all') === (name !== undefined)) throw new Error('flush: expected a name, or --all');
  return flags.has('all')
    ? { do: 'flush-all' }
    : { do: 'flush', name: asciiName(name as string), subtree: flags.has('subtree') };
}

/** The server may have another working directory. */
function loadRequest([file]: readonly string[]): object {
  if (file === undefined) throw new Error('load-cache: expected a file');
  return { do: 'load-cache', file: resolve(file) };
}

export const runCtl = (words: readonly string[], io: Console): Promise<number> =>
  spoken('ctl', io, () => ctl(words, io));

async function ctl(words: readonly string[], io: Console): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    io.out(USAGE);
    return ControlExit.DONE;
  }
  const { json, socket, for: forTime } = values;
  const [name = '', ...others] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new Error(whatElse(name));
  const given = (['subtree', 'all', 'slow', 'lame'] as const).filter((flag) => values[flag]);
  const alien = given.find((flag) => !command.flags.includes(flag));
  if (alien !== undefined) throw new Error(`${name} takes no --${alien}`);
  if (forTime !== undefined && name !== 'pool') throw new Error(`${name} takes no --for`);
  const extra = others[command.words];
  if (extra !== undefined) throw new Error(`what is ${extra}?`);
  const answers = askServer(command.request(others, new Set(given), forTime), socket);
  const items: unknown[] = [];
  let next = await answers.next();
  for (; !next.done; next = await answers.next()) {
    if (json) io.out(`${JSON.stringify(next.value)}\n`);
    // Lines are of no table, and may be many.
    else if (typeof next.value === 'string') io.out(`${next.value}\n`);
    else items.push(next.value);
  }
  if (!json) io.out(command.print(items as never[], next.value as never, others));
  else if (next.value !== null) io.out(`${JSON.stringify(next.value)}\n`);
  return ControlExit.DONE;
}

function whatElse(name: string): string {
  const names = Object.keys(COMMANDS);
  if (name === '') return `expected a command: ${names.join(', ')}`;
  const meant = nearest(name, names);
  return `there is no command ${name}${suggestion(meant)}`;
}

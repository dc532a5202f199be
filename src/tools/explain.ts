/**
 * `cairn explain`: asks the server that runs how a client's answer comes to be, or how the last failures came
 * about, and prints it for people or as JSON. Exit codes as of `cairn ctl`.
 */
import { parseArgs } from 'node:util';
import { nearest } from '../base/nearest.ts';
import type { Explanation } from '../control/explainer.ts';
import type { ToldMishap } from '../resolver/mishaps.ts';
import { Type, typeFromText } from '../wire/codes.ts';
import { nameFromText } from '../wire/name.ts';
import { askServer, ControlExit, spoken } from './control-client.ts';
import { explanationText, mishapsText } from './explain-print.ts';
import { sharesText } from './explain-shares.ts';
import { asciiName } from './idna.ts';
import type { Console } from './query.ts';
import { reverseNameText } from './query-arguments.ts';
import { suggestion } from './query-plan.ts';

const USAGE = `cairn explain NAME [TYPE] [--from ADDRESS] [--subnet PREFIX] [--fresh]
cairn explain -x ADDRESS [--from ADDRESS] [--fresh]
cairn explain --last-failures
cairn explain --shares NAME [TYPE] [--clients FILE | --world N] [--zone FILE] [--config FILE]

Asks the server that runs on this machine how it comes to the answer that a client gets: who may ask, what
its own zones and rules say, each query to other servers, and the answer. The client's own copy may be older.

  NAME             as in a zone file; the final dot may be left out; beyond ASCII, as IDNA has it
  TYPE             A unless given
  -x ADDRESS       the name that this address has: PTR below in-addr.arpa or ip6.arpa
  --from ADDRESS   the client whose answer is to be explained (127.0.0.1)
  --subnet PREFIX  the network of its own client, which that client tells, as a resolver may (RFC 7871)
  --fresh          resolve as a server that knows nothing yet but the root hints
  --last-failures  how the last questions that ended in SERVFAIL came to do so
  --shares         what part of many clients goes to each member of a pool: chooses for each of them
  --clients FILE   …the networks of a file, one a line, each with a weight, perhaps
  --world N        …so many addresses of the world (20000); by the database of countries, where there is one
  --zone FILE      …and what a changed file of the zone would make of it, without loading it
  --config FILE    …without a server, from what these settings name; all members are up then
  --json           for programs
  --socket PATH    the control socket of the server, if it is not where it usually is

Exit codes: 0 told; 1 the server would not, and says why; 2 no server is there, or the words make no sense.
`;

const OPTIONS = {
  from: { type: 'string' },
  subnet: { type: 'string' },
  fresh: { type: 'boolean' },
  'last-failures': { type: 'boolean' },
  shares: { type: 'boolean' },
  clients: { type: 'string' },
  world: { type: 'string' },
  zone: { type: 'string' },
  config: { type: 'string' },
  json: { type: 'boolean' },
  socket: { type: 'string' },
  reverse: { type: 'string', short: 'x' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const runExplain = (words: readonly string[], io: Console): Promise<number> =>
  spoken('explain', io, () => explain(words, io));

async function explain(words: readonly string[], io: Console): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    io.out(USAGE);
    return ControlExit.DONE;
  }
  const { reverse } = values;
  if (values['last-failures']) {
    if (positionals.length > 0 || reverse !== undefined) throw new Error('--last-failures takes no name');
    return lastFailures(values, io);
  }
  const alien = values.shares ? undefined : ONLY_SHARES.find((flag) => values[flag] !== undefined);
  if (alien !== undefined) throw new Error(`--${alien} is for --shares`);
  if (values.shares) {
    io.out(await sharesText(questionOf(positionals), values));
    return ControlExit.DONE;
  }
  const question = reverse === undefined ? questionOf(positionals) : questionBack(reverse, positionals);
  const { from, subnet, fresh } = values;
  const request = { do: 'explain', ...question, from, subnet, fresh };
  const { value } = await askServer(request, values.socket).next();
  io.out(values.json ? `${JSON.stringify(value)}\n` : explanationText(value as Explanation));
  return ControlExit.DONE;
}

const ONLY_SHARES = ['clients', 'world', 'zone', 'config'] as const;

function questionOf([name, type, ...others]: readonly string[]): { name: string; type: string | undefined } {
  if (name === undefined || others.length > 0) throw new Error('expected a name, and perhaps a type');
  const ascii = asciiName(name);
  if (nameFromText(ascii) === undefined) throw new Error(`'${name}' is no domain name`);
  if (type !== undefined && typeFromText(type) === undefined) {
    const meant = nearest(type.toUpperCase(), Object.keys(Type));
    throw new Error(`there is no type '${type}'${suggestion(meant)}`);
  }
  return { name: ascii, type };
}

function questionBack(address: string, others: readonly string[]): { name: string; type: string } {
  const name = reverseNameText(address);
  if (name === undefined) throw new Error(`-x takes an IPv4 or IPv6 address, not '${address}'`);
  if (others.length > 0) throw new Error('-x takes neither a name nor a type');
  return { name, type: 'PTR' };
}

async function lastFailures(
  { json, socket }: { json?: boolean | undefined; socket?: string | undefined },
  io: Console,
): Promise<number> {
  const mishaps: ToldMishap[] = [];
  for await (const item of askServer({ do: 'failures' }, socket)) mishaps.push(item as ToldMishap);
  io.out(json ? mishaps.map((each) => `${JSON.stringify(each)}\n`).join('') : mishapsText(mishaps));
  return ControlExit.DONE;
}

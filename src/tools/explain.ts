/**
 * `cairn explain`: asks the server that runs how a client's answer comes to be, or how the last failures came
 * about, and prints it for people or as JSON. Exit codes as of `cairn ctl`.
 */
import { parseArgs } from 'node:util';
import type { Explanation } from '../control/explainer.ts';
import type { ToldMishap } from '../resolver/mishaps.ts';
import { askServer, ControlExit, NoResult } from './control-client.ts';
import { explanationText, mishapsText } from './explain-print.ts';
import type { Console } from './query.ts';

const USAGE = `cairn explain NAME [TYPE] [--from ADDRESS] [--fresh]
cairn explain --last-failures

  TYPE             A unless given
  --from ADDRESS   the client whose answer is to be explained (127.0.0.1)
  --fresh          resolve as a server that knows nothing yet but the root hints
  --last-failures  how the last questions that ended in SERVFAIL came to do so
  --json           for programs
  --socket PATH    the control socket of the server, if it is not where it usually is
`;

const OPTIONS = {
  from: { type: 'string' },
  fresh: { type: 'boolean' },
  'last-failures': { type: 'boolean' },
  json: { type: 'boolean' },
  socket: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export async function runExplain(words: readonly string[], io: Console): Promise<number> {
  try {
    return await explain(words, io);
  } catch (error) {
    io.err(`cairn explain: ${(error as Error).message}\n`);
    if (error instanceof NoResult) return error.exit;
    io.err("cairn explain: 'cairn explain --help' shows the words\n");
    return ControlExit.USAGE;
  }
}

async function explain(words: readonly string[], io: Console): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    io.out(USAGE);
    return ControlExit.DONE;
  }
  const [name, type, ...others] = positionals;
  if (values['last-failures']) {
    if (name !== undefined) throw new Error('--last-failures takes no name');
    return lastFailures(values, io);
  }
  if (name === undefined || others.length > 0) throw new Error('expected a name, and perhaps a type');
  const request = { do: 'explain', name, type, from: values.from, fresh: values.fresh };
  const { value } = await askServer(request, values.socket).next();
  io.out(values.json ? `${JSON.stringify(value)}\n` : explanationText(value as Explanation));
  return ControlExit.DONE;
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

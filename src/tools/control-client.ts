/**
 * The other end of the control socket: one request to the server that runs, and what it answers. In: a path,
 * or nothing for the usual ones, and a request. Out: items as they come and a result; or why there is none.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { usualControlPath } from '../control/control-room.ts';
import type { Console } from './query.ts';

/** 0 done, 1 refused, 2 nobody there: scripts want to tell. */
export const ControlExit = { DONE: 0, REFUSED: 1, NOBODY: 2, USAGE: 2 } as const;

/** The server would not, and said why; or there is no server. */
class NoResult extends Error {
  readonly exit: number;

  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }
}

/** Runs a command that speaks over the socket; what is wrong is told in its name. Gives the exit code. */
export async function spoken(
  name: 'ctl' | 'explain',
  io: Console,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    io.err(`cairn ${name}: ${wordsFault(error as Error)}\n`);
    if (error instanceof NoResult) return error.exit;
    io.err(`cairn ${name}: 'cairn ${name} --help' shows the words\n`);
    return ControlExit.USAGE;
  }
}

/** What is wrong, without what `parseArgs` has to say on how to escape it. */
const wordsFault = ({ message }: Error): string => message.replace(/\. To specify a positional.*/s, '');

type Line = { readonly item: unknown } | { readonly done: unknown } | { readonly error: string };

export async function* askServer(
  request: object,
  path = usualControlPath(process.env),
): AsyncGenerator<unknown, unknown> {
  if (path === undefined) {
    throw new NoResult('no control socket is known here: name it with --socket', ControlExit.NOBODY);
  }
  const socket = await connected(path);
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const text of createInterface({ input: socket })) {
      const line = JSON.parse(text) as Line;
      if ('error' in line) throw new NoResult(line.error, ControlExit.REFUSED);
      if ('done' in line) return line.done;
      yield line.item;
    }
  } finally {
    socket.destroy();
  }
  throw new NoResult('the server hung up, and may still be at it', ControlExit.REFUSED);
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isNobody = code === 'ENOENT' || code === 'ECONNREFUSED';
    const why = isNobody ? `no server answers at ${path}` : message;
    throw new NoResult(
      `${why}; is it running, and is control.socket set to another path?`,
      ControlExit.NOBODY,
    );
  }
}

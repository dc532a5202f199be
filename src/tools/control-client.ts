/**
 * The other end of the control socket: one request to the server that runs, and what it answers. In: a path,
 * or nothing for the usual ones, and a request. Out: items as they come and a result; or why there is none.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { usualControlPath } from '../control/control-room.ts';

/** 0 done, 1 refused, 2 nobody there: scripts want to tell. */
export const ControlExit = { DONE: 0, REFUSED: 1, NOBODY: 2, USAGE: 2 } as const;

/** The server would not, and said why; or there is no server. */
export class NoResult extends Error {
  readonly exit: number;

  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }
}

/** What is wrong, without what `parseArgs` has to say on how to escape it. */
export const wordsFault = ({ message }: Error): string =>
  message.replace(/\. To specify a positional.*/s, '');

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

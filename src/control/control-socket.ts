/**
 * The control socket: a Unix domain socket that its owner alone can open. A client writes one request, a line
 * of JSON, and reads lines of JSON until the server closes: `{"item":…}` each, then `{"done":…}` or
 * `{"error":"…"}`. Everything is bounded: clients, bytes of a request, time without a byte either way; what a
 * client does not take is not made.
 */
import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { CONTROL_CLIENTS_MAX, CONTROL_IDLE_MS, CONTROL_REQUEST_BYTES_MAX } from '../base/limits.ts';

/** What is told to the client: it asked for what cannot be had. */
export class RequestFault extends Error {}

export interface ControlAnswerer {
  /** Items as they are asked for; the last value is what it all comes to. Throws a `RequestFault`. */
  answer(request: unknown): AsyncGenerator<unknown, unknown>;
  readonly onBug: (bug: unknown) => void;
}

export interface ControlSocket {
  readonly path: string;
  close(): Promise<void>;
}

/** Nobody but the owner can connect, from the first moment on. */
const UMASK = 0o177;

/** Gives what is in the way, where it cannot be had. A socket at which nobody answers is in nobody's way. */
export async function openControlSocket(
  path: string,
  answerer: ControlAnswerer,
): Promise<ControlSocket | string> {
  const obstacle = await clearTheWay(path).catch((error: Error) => error.message);
  if (obstacle !== undefined) return obstacle;
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    void converse(socket, answerer);
  });
  server.maxConnections = CONTROL_CLIENTS_MAX;
  const listening = once(server, 'listening');
  const before = process.umask(UMASK);
  server.listen(path); // Bound when this returns.
  process.umask(before);
  try {
    await listening;
  } catch (error) {
    return (error as Error).message;
  }
  // EMFILE and its kin at accept: that client is lost, the server lives.
  server.on('error', () => {});
  return {
    path,
    async close() {
      const end = once(server, 'close');
      server.close(); // The file goes with it.
      for (const socket of clients) socket.destroy();
      await end;
    },
  };
}

async function clearTheWay(path: string): Promise<string | undefined> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isSocket()) return `${path} is there, and is no socket`;
  if (await isAnswered(path)) return `another server answers at ${path}`;
  unlinkSync(path);
  return undefined;
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function converse(socket: Socket, answerer: ControlAnswerer): Promise<void> {
  socket.setTimeout(CONTROL_IDLE_MS, () => socket.destroy());
  try {
    const request = await requestFrom(socket);
    // What else it says is not read.
    await pipeline(linesFor(request, answerer), socket);
  } catch {
    socket.destroy(); // It went away.
  }
}

/** The first line. */
function requestFrom(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.on('end', () => resolve(text));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > CONTROL_REQUEST_BYTES_MAX) {
        socket.pause();
        resolve(text);
      }
    });
  });
}

async function* linesFor(text: string, { answer, onBug }: ControlAnswerer): AsyncGenerator<string> {
  let items: AsyncGenerator<unknown, unknown> | undefined;
  try {
    items = answer(requestIn(text));
    for (;;) {
      const { done, value } = await items.next();
      yield lineOf(done ? { done: value ?? null } : { item: value });
      if (done) return;
    }
  } catch (error) {
    if (!(error instanceof RequestFault)) onBug(error);
    const why =
      error instanceof RequestFault ? error.message : 'a mistake of this server, which is in its log';
    yield lineOf({ error: why });
  } finally {
    // Who went away in the middle wants no more of it.
    await items?.return(undefined);
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;

function requestIn(text: string): unknown {
  const [line = '', rest] = text.split('\n', 2);
  if (line.length > CONTROL_REQUEST_BYTES_MAX) {
    throw new RequestFault(`a request has at most ${CONTROL_REQUEST_BYTES_MAX} bytes`);
  }
  if (rest === undefined) throw new RequestFault('a request ends with a line feed');
  try {
    return JSON.parse(line);
  } catch {
    throw new RequestFault('a request is a line of JSON');
  }
}

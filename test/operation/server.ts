/**
 * The whole server as a child process, for tests: started as an operator would, on loopback ports the system
 * chooses, its log read line by line, and asked with somebody else's codec.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, encode, type Packet, type RecordType } from 'dns-packet';

export const CAIRN = fileURLToPath(new URL('../../bin/cairn', import.meta.url));

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

export class ServerProcess {
  readonly child: ChildProcess;
  readonly lines: LogLine[] = [];
  /** The exit code, or the signal that killed it. */
  readonly exited: Promise<number | string>;
  stderr = '';
  #hasEnded = false;
  #wake = new Set<() => void>();

  /** With recursion only where a test has root hints of its own: nothing is sent beyond loopback. */
  constructor(
    words: readonly string[],
    mode: 'loopback' | 'recursion' = 'loopback',
    env: NodeJS.ProcessEnv = process.env,
    program = CAIRN,
  ) {
    const stay = mode === 'loopback' ? ['--no-recursion'] : [];
    this.child = spawn(program, ['serve', ...words, ...stay], { stdio: ['ignore', 'pipe', 'pipe'], env });
    let rest = '';
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines.map((line) => JSON.parse(line) as LogLine));
      this.#wakeUp();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.#hasEnded = true;
      this.#wakeUp();
      return (code ?? signal) as number | string;
    });
  }

  #wakeUp(): void {
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }

  /** The first line that says `words`, from line `from` on; rejects when the server ends before. */
  async said(words: string, from = 0): Promise<LogLine> {
    for (;;) {
      const line = this.lines.slice(from).find(({ msg }) => msg.includes(words));
      if (line !== undefined) return line;
      if (this.#hasEnded) throw new Error(`ended without "${words}":\n${this.text}\n${this.stderr}`);
      await new Promise<void>((resolve) => void this.#wake.add(resolve));
    }
  }

  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join('\n');
  }

  /** The port of its first address. */
  async port(): Promise<number> {
    const { addresses } = await this.said('started');
    return portOf((addresses as string[])[0] ?? '');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.child.kill(signal);
    return this.exited;
  }
}

export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

export const queryBytes = (name: string, type: string, id = 1): Buffer =>
  encode({ type: 'query', id, flags: 0x100, questions: [{ name, type: type as RecordType }] });

/** Over UDP, asked again after a second: loopback loses nothing, but a socket buffer can be full. */
export async function ask(
  port: number,
  name: string,
  type = 'A',
  address = '127.0.0.1',
  from?: string,
): Promise<Packet> {
  const socket = await connected(port, address, from);
  try {
    const answered = once(socket, 'message');
    const again = setInterval(() => socket.send(queryBytes(name, type)), 1_000);
    socket.send(queryBytes(name, type));
    const [bytes] = (await answered.finally(() => clearInterval(again))) as [Buffer];
    return decode(bytes);
  } finally {
    socket.close();
  }
}

export async function connected(port: number, address = '127.0.0.1', from?: string): Promise<Socket> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 });
  if (from !== undefined) await new Promise<void>((bound) => void socket.bind(0, from, bound));
  socket.connect(port, address);
  await once(socket, 'connect');
  return socket;
}

export const askTcp = async (
  port: number,
  name: string,
  type = 'A',
  address = '127.0.0.1',
  from?: string,
): Promise<Packet> => decode(await tcpExchange(port, queryBytes(name, type), address, from));

/** One message there and one back, on a connection of its own. */
export async function tcpExchange(
  port: number,
  query: Uint8Array,
  host = '127.0.0.1',
  localAddress?: string,
): Promise<Buffer> {
  const socket = connect({ port, host, localAddress });
  socket.write(Buffer.concat([Buffer.of(query.length >> 8, query.length & 0xff), query]));
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE()) break;
  }
  return bytes.subarray(2);
}

/** The answer section, in short: `192.0.2.1`, or the code when there is none. */
export function short(packet: Packet): string {
  const texts = (packet.answers ?? []).map((answer) => ('data' in answer ? String(answer.data) : ''));
  return texts.join(' ') || ((packet as { rcode?: string }).rcode ?? '');
}

/** A zone whose `www` has the address. */
export const zoneText = (address: string, serial = 1): string =>
  `$TTL 60\n@ SOA ns1 host ${serial} 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A ${address}\n`;

/** A folder with files, removed by `remove`. */
export function folderOf(files: Readonly<Record<string, string>>): {
  readonly path: (file: string) => string;
  write(file: string, text: string): void;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-operation-'));
  const path = (file: string): string => join(folder, file);
  const write = (file: string, text: string): void => writeFileSync(path(file), text);
  for (const [file, text] of Object.entries(files)) write(file, text);
  return { path, write, remove: () => rmSync(folder, { recursive: true }) };
}

/**
 * Query logs as files, FIFOs and Unix sockets of this machine, read back by what reads them elsewhere where
 * that is installed.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { QUERY_LOG_BYTES_MAX } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import { Control, controlFrame } from '../../src/control/frame-streams.ts';
import { openLog, type QueryLogSettings } from '../../src/control/log.ts';
import { Stalled } from '../../src/control/outlet.ts';
import { FilePipe } from '../../src/control/outlet-file.ts';
import { openQueryLog, type QueryLog } from '../../src/control/query-log.ts';
import { Path, type Sighting } from '../../src/server/observer.ts';
import { Query } from '../../src/wire/query.ts';
import { queryBytes } from '../operation/server.ts';
import { framesOf } from './dnstap-decoder.ts';

let folder: string;
let counters: Counters;
let log: QueryLog | undefined;
let listener: Server | undefined;
let sockets: Socket[];
let told: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-tap-'));
  counters = new Counters();
  told = '';
  sockets = [];
});
afterEach(async () => {
  await log?.close();
  for (const socket of sockets) socket.destroy();
  listener?.close();
  [log, listener] = [undefined, undefined];
  rmSync(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);

function open(format: QueryLogSettings['format'], kind: 'file' | 'unix', name: string): QueryLog {
  const out = { write: (line: string) => void (told += line), on: () => {}, writableLength: 0 };
  const { logger } = openLog(
    { level: 'info', format: 'json', queries: false },
    out as unknown as NodeJS.WritableStream as never,
    false,
  );
  const speaker = { identity: undefined, version: 'cairn test' };
  const ground = { world: realWorld, counters, logger, speaker };
  log = openQueryLog({ every: 1, format, to: { kind, path: path(name) } }, ground);
  return log;
}

/** A query for `name` and a response to it. */
function sighting(name: string): Sighting {
  const packet = queryBytes(name, 'A');
  const query = new Query();
  query.read(packet, packet.length);
  const out = Buffer.from(packet);
  out.writeUInt16BE(0x8580, 2);
  const client = { transport: 'udp', address: Uint8Array.of(192, 0, 2, 1), port: 5_000 } as const;
  return {
    query,
    client,
    rcode: 0,
    path: Path.AUTHORITATIVE,
    ms: 0.25,
    wallMs: realWorld.wallMs(),
    out,
    length: out.length,
  };
}

const until = async (truth: () => boolean): Promise<void> => {
  while (!truth()) await new Promise((resolve) => void realWorld.after(5, () => resolve(undefined)));
};

const typesIn = (file: string): unknown[] =>
  framesOf(readFileSync(path(file))).map((frame) =>
    typeof frame === 'number' ? `control ${frame}` : frame.message.get(1),
  );

const hasReader = spawnSync('dnstap-read', ['-v']).error === undefined;

test('a dnstap file is one stream from START to STOP, which dnstap-read reads', async () => {
  const tap = open('dnstap', 'file', 'a.tap');
  tap.take(sighting('www.example.com'));
  tap.take(sighting('mail.example.com'));
  await tap.close();
  expect(typesIn('a.tap')).toEqual([`control ${Control.START}`, 1, 2, 1, 2, `control ${Control.STOP}`]);
  if (!hasReader) return;
  const lines = execFileSync('dnstap-read', [path('a.tap')], { encoding: 'utf8' });
  expect(lines.match(/A[QR] 192\.0\.2\.1:5000 .*\/IN\/A/g)).toHaveLength(4);
});

test('a dnstap file that is there already is set aside, never cut or continued', async () => {
  writeFileSync(path('a.tap'), 'of yesterday');
  const tap = open('dnstap', 'file', 'a.tap');
  tap.take(sighting('www.example.com'));
  await tap.close();
  expect(readFileSync(path('a.tap.1'), 'utf8')).toBe('of yesterday');
  expect(typesIn('a.tap')).toHaveLength(4);
});

test('lines go on where the file ends, and to another file once it was moved away', async () => {
  writeFileSync(path('q.log'), '{"before":1}\n');
  const tap = open('json', 'file', 'q.log');
  tap.take(sighting('one.example.com'));
  await until(() => readFileSync(path('q.log'), 'utf8').includes('one'));
  renameSync(path('q.log'), path('q.log.1'));
  tap.reopen();
  await until(() => existsSync(path('q.log')));
  tap.take(sighting('two.example.com'));
  await tap.close();
  const [before, one] = readFileSync(path('q.log.1'), 'utf8').split('\n');
  expect(before).toBe('{"before":1}');
  expect(JSON.parse(one ?? '')).toMatchObject({ name: 'one.example.com.', client: '192.0.2.1#5000' });
  expect(JSON.parse(readFileSync(path('q.log'), 'utf8'))).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    client: '192.0.2.1#5000',
    over: 'udp',
    name: 'two.example.com.',
    type: 'A',
    class: 'IN',
    rcode: 'NOERROR',
    flags: 'aa rd ra',
    bytes: 33,
    ms: 0.25,
    path: 'authoritative',
  });
});

test('a name that a stranger chose is one line, escaped', async () => {
  const tap = open('json', 'file', 'q.log');
  const seen = sighting('XXXXXX.example.com');
  Buffer.from('"\n\x1b[2J').copy(seen.query.packet as Buffer, 13);
  seen.query.read(seen.query.packet, seen.query.length);
  tap.take(seen);
  await tap.close();
  const text = readFileSync(path('q.log'), 'latin1');
  expect(text.split('\n')).toHaveLength(2);
  expect([...text].filter((character) => character < ' ')).toEqual(['\n']);
  expect(JSON.parse(text).name).toBe('\\"\\010\\027[2j.example.com.');
});

test('a FIFO that nobody reads is waited for without blocking, and told once', async () => {
  execFileSync('mkfifo', [path('fifo')]);
  const tap = open('json', 'file', 'fifo');
  for (let i = 0; i < 100; i++) tap.take(sighting('www.example.com'));
  await until(() => told.includes('cannot be written'));
  expect(told.match(/cannot be written/g)).toHaveLength(1);
  await tap.close();
});

test('a FIFO whose reader does not read takes what it holds; the rest is dropped and counted', async () => {
  execFileSync('mkfifo', [path('fifo')]);
  const { open: openHandle } = await import('node:fs/promises');
  const { constants } = await import('node:fs');
  const reader = await openHandle(path('fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
  const tap = open('json', 'file', 'fifo');
  const seen = sighting('www.example.com');
  for (let i = 0; i < (QUERY_LOG_BYTES_MAX / 150) * 2; i++) tap.take(seen);
  await until(() => counters.get(Counter.queryLogDropped) > 0);
  await tap.close();
  await reader.close();
});

test('a disk that fills up in the middle of a frame tears nothing: it goes on where it stopped', async () => {
  let room = 5;
  let disk = '';
  const handle = {
    async write(bytes: Uint8Array, at: number) {
      if (room === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      const bytesWritten = Math.min(room, bytes.length - at);
      disk += Buffer.from(bytes).toString('latin1', at, at + bytesWritten);
      room -= bytesWritten;
      return { bytesWritten };
    },
    close: async () => {},
  };
  const pipe = new FilePipe('a', handle as never, false, realWorld);
  const bytes = Buffer.from('one line\n');
  await expect(pipe.write(bytes)).rejects.toBeInstanceOf(Stalled);
  await expect(pipe.write(bytes)).rejects.toBeInstanceOf(Stalled);
  room = 100;
  await pipe.write(bytes);
  await pipe.write(bytes);
  expect(disk).toBe('one line\none line\n');
  await pipe.close();
});

/** A reader on a Unix socket; what it says and takes is up to `serve`. */
async function listen(name: string, serve: (socket: Socket) => void): Promise<void> {
  listener = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  listener.listen(path(name));
  await once(listener, 'listening');
}

/** Says ACCEPT to READY and FINISH to STOP, and keeps all that it hears. */
function polite(heard: { bytes: Buffer }): (socket: Socket) => void {
  return (socket) => {
    const from = heard.bytes.length;
    let accepted = false;
    socket.on('data', (chunk) => {
      heard.bytes = Buffer.concat([heard.bytes, chunk]);
      if (!accepted) socket.write(controlFrame(Control.ACCEPT));
      accepted = true;
      const last = heard.bytes.subarray(from).subarray(-4);
      if (last.length === 4 && last.readUInt32BE() === Control.STOP) socket.end(controlFrame(Control.FINISH));
    });
  };
}

test('over a socket the reader is asked first, and says goodbye', async () => {
  const heard = { bytes: Buffer.alloc(0) };
  await listen('tap.sock', polite(heard));
  const tap = open('dnstap', 'unix', 'tap.sock');
  tap.take(sighting('www.example.com'));
  await tap.close();
  const types = framesOf(heard.bytes).map((frame) => (typeof frame === 'number' ? frame : 'message'));
  expect(types).toEqual([Control.READY, Control.START, 'message', 'message', Control.STOP]);
  expect(told).toBe('');
});

const hasCapture = spawnSync('fstrm_capture', ['-h']).error === undefined;

test.runIf(hasCapture)('fstrm_capture takes it, and dnstap-read reads what it took', async () => {
  const words = ['-t', 'protobuf:dnstap.Dnstap', '-u', path('tap.sock'), '-w', path('captured.tap')];
  const capture = spawn('fstrm_capture', words, { stdio: 'ignore' });
  await until(() => existsSync(path('tap.sock')));
  const tap = open('dnstap', 'unix', 'tap.sock');
  tap.take(sighting('www.example.com'));
  await tap.close();
  capture.kill('SIGTERM');
  await once(capture, 'exit');
  expect(typesIn('captured.tap')).toEqual([`control ${Control.START}`, 1, 2, `control ${Control.STOP}`]);
});

test('a reader that comes late, goes and comes back gets what it can take', async () => {
  const tap = open('dnstap', 'unix', 'tap.sock');
  tap.take(sighting('early.example.com'));
  await until(() => told.includes('cannot be written'));
  const heard = { bytes: Buffer.alloc(0) };
  await listen('tap.sock', polite(heard));
  await until(() => heard.bytes.includes('early'));
  for (const socket of sockets) socket.destroy();
  await until(() => {
    tap.take(sighting('again.example.com'));
    return heard.bytes.includes('again');
  });
  await tap.close();
});

test('a reader that does not speak Frame Streams is told, and left alone', async () => {
  await listen('tap.sock', (socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n')));
  const tap = open('dnstap', 'unix', 'tap.sock');
  tap.take(sighting('www.example.com'));
  await until(() => told.includes('does not speak dnstap'));
  await tap.close();
});

test('a socket that nobody reads costs bounded memory, and the end does not wait for it', async () => {
  await listen('tap.sock', (socket) => socket.pause());
  const tap = open('json', 'unix', 'tap.sock');
  const seen = sighting('www.example.com');
  for (let i = 0; i < (QUERY_LOG_BYTES_MAX / 150) * 2; i++) tap.take(seen);
  expect(counters.get(Counter.queryLogDropped)).toBeGreaterThan(0);
  await tap.close();
});

test('lines go to a socket as they are', async () => {
  let text = '';
  await listen('log.sock', (socket) => socket.on('data', (chunk) => void (text += chunk)));
  const tap = open('json', 'unix', 'log.sock');
  tap.take(sighting('www.example.com'));
  await until(() => text.endsWith('\n'));
  expect(JSON.parse(text)).toMatchObject({ name: 'www.example.com.' });
});

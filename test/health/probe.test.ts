import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { realWorld } from '../../src/base/world.ts';
import type { Carrier } from '../../src/health/carrier.ts';
import type { DnsTerms, HttpTerms, Procedure } from '../../src/health/check.ts';
import type { Verdict } from '../../src/health/conversation.ts';
import { Deadlines } from '../../src/health/deadlines.ts';
import { NativeCarrier } from '../../src/health/native-carrier.ts';
import { NodeCarrier } from '../../src/health/node-carrier.ts';
import { isDone, PROBE_ROWS, probe, probeRow } from '../../src/health/probe.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { native } from '../transport/batch-listener.ts';
import { CERTIFICATE, KEY } from './certificate.ts';

const carriers: readonly [string, () => Carrier][] = [
  ['system calls', () => new NativeCarrier(realWorld, native, new NodeCarrier())],
  ["Node's sockets", () => new NodeCarrier()],
];

const web: HttpTerms = {
  method: 'GET',
  path: '/healthz',
  host: undefined,
  expect: [[200, 399]],
  contains: undefined,
};
const tls = { serverName: 'www.example.com', verify: true };
const dns: DnsTerms = { name: nameFromText('example.com') as Uint8Array, type: 6, expect: [0] };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

const serving = (serve: (socket: Socket) => void): Promise<number> => listening(createServer(serve));

/** Says so when it is asked. */
const saying = (...pieces: readonly string[]): Promise<number> =>
  serving((socket) => {
    socket.once('data', async () => {
      for (const piece of pieces) {
        await new Promise<void>((sent) => void socket.write(piece, 'latin1', () => sent()));
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    });
  });

/** Nobody listens there. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe.each(carriers)('over %s', (_, make) => {
  const carrier = make();
  const deadlines = new Deadlines(realWorld);
  const counters = new Counters();
  const probeTimes = new Histograms(PROBE_ROWS);
  afterAll(() => carrier.close());

  function probed(procedure: Procedure, port: number, timeoutMs = 5_000): Promise<Verdict> {
    if (!isDone(procedure)) throw new Error('nothing to do');
    const ground = { world: realWorld, carrier, counters, probeTimes, deadlines };
    return new Promise((told) => {
      probe({ procedure, timeoutMs }, { address: '127.0.0.1', port }, ground, told);
    });
  }
  const http = (port: number, over: Partial<HttpTerms> = {}, timeoutMs?: number): Promise<Verdict> =>
    probed({ kind: 'http', port, http: { ...web, ...over } }, port, timeoutMs);
  const upWith = (why: string): Verdict => ({ isUp: true, why });
  const downWith = (why: unknown) => ({ isUp: false, why });

  describe('tcp', () => {
    const tcp = { kind: 'tcp', port: undefined } as const;

    test('is up where a connection is accepted', async () => {
      const port = await serving(() => undefined);
      expect(await probed(tcp, port)).toEqual(upWith('connected'));
    });

    test('is down where nobody listens', async () => {
      expect(await probed(tcp, await closedPort())).toEqual(downWith('connection refused'));
    });

    test('many at once', async () => {
      const port = await serving((socket) => socket.end());
      const verdicts = await Promise.all(Array.from({ length: 200 }, () => probed(tcp, port)));
      expect(verdicts.every(({ isUp }) => isUp)).toBe(true);
    });

    test('a probe that is not wanted any more is not told', async () => {
      const port = await serving(() => undefined);
      const told: Verdict[] = [];
      const procedure = { kind: 'http', port, http: web } as const;
      const to = { address: '127.0.0.1', port };
      const ground = { world: realWorld, carrier, counters, probeTimes, deadlines };
      const cancel = probe({ procedure, timeoutMs: 20 }, to, ground, (verdict) => told.push(verdict));
      cancel();
      await http(port, {}, 100);
      expect(told).toEqual([]);
    });
  });

  describe('http', () => {
    test('sends what it is told to, and what a host may need', async () => {
      let asked = '';
      const port = await serving((socket) => {
        socket.on('data', (bytes) => {
          asked += bytes.toString('latin1');
          if (asked.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 204 No Content\r\n\r\n');
        });
      });
      expect(await http(port, { method: 'HEAD', host: 'www.example.com' })).toEqual(upWith('status 204'));
      expect(asked.split('\r\n')).toEqual([
        'HEAD /healthz HTTP/1.1',
        'Host: www.example.com',
        'User-Agent: cairn',
        'Accept: */*',
        'Connection: close',
        '',
        '',
      ]);
    });

    test.each<[string, number, boolean]>([
      ['HTTP/1.1 200 OK\r\n\r\n', 200, true],
      ['HTTP/1.0 399 \r\n\r\n', 399, true],
      ['HTTP/1.1 200\n\n', 200, true],
      ['HTTP/1.1 404 Not Found\r\n\r\n', 404, false],
      ['HTTP/1.1 503 Busy\r\n\r\n', 503, false],
    ])('%j', async (response, status, isUp) => {
      expect(await http(await saying(response))).toEqual({ isUp, why: `status ${status}` });
    });

    test('follows no redirect', async () => {
      let asked = 0;
      const port = await serving((socket) => {
        asked++;
        socket.once('data', () =>
          socket.end(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${port}/\r\n\r\n`),
        );
      });
      expect(await http(port, { expect: [[200, 299]] })).toEqual(downWith('status 302'));
      expect(asked).toBe(1);
    });

    test('reads a response that comes in bits and pieces, after interim ones', async () => {
      const port = await saying('HT', 'TP/1.1 10', '3 Early\r\nA: b\r\n', '\r\nHTTP/1.1 2', '00 OK\r\n');
      expect(await http(port)).toEqual(upWith('status 200'));
    });

    test.each<[string, readonly string[]]>([
      ['in the body', ['HTTP/1.1 200 OK\r\n\r\nall is well']],
      ['in pieces of it', ['HTTP/1.1 200 OK\r\nServer: x\r', '\n\r\nall i', 's ', 'well']],
      [
        'across chunks',
        [
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n5;x=y\r\nall i\r\n',
          '1\r\ns\r',
          '\n5\r\n well\r\n0\r\n\r\n',
        ],
      ],
    ])('finds a text %s', async (_where, pieces) => {
      expect(await http(await saying(...pieces), { contains: 'is well' })).toEqual(
        upWith('status 200, and the text is there'),
      );
    });

    test.each<[string, readonly string[], Partial<HttpTerms>]>([
      ['in the headers', ['HTTP/1.1 200 OK\r\nX: is well\r\n\r\nno'], {}],
      [
        'that is the frame of a chunk',
        ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;is well\r\nno\r\n0\r\n\r\n'],
        {},
      ],
      ['beyond the first bytes', ['HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(9_000), 'is well'], {}],
    ])('does not find a text %s', async (_where, pieces, over) => {
      expect(await http(await saying(...pieces), { contains: 'is well', ...over })).toEqual(
        downWith('status 200, and the text is not in what was read'),
      );
    });

    test('a bad status is bad whatever the body has', async () => {
      const port = await saying('HTTP/1.1 500 Oops\r\n\r\nall is well');
      expect(await http(port, { contains: 'is well' })).toEqual(downWith('status 500'));
    });

    test.each<[string, readonly string[], string]>([
      ['another protocol', ['SSH-2.0-OpenSSH_9.2\r\n'], 'no HTTP response'],
      ['nothing', [], 'closed without a word'],
      ['half a status line', ['HTTP/1.1 20'], 'no HTTP response'],
      ['a line without end', ['x'.repeat(20_000)], 'no HTTP response'],
    ])('who says %s is down', async (_what, pieces, why) => {
      expect(await http(await saying(...pieces))).toEqual(downWith(why));
    });

    test('who floods is cut off when enough was read, and counts as it stands by then', async () => {
      let written = 0;
      const port = await serving((socket) => {
        const flood = (): void => {
          for (; socket.writable; written += 65_536) if (!socket.write(Buffer.alloc(65_536, 'x'))) return;
        };
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n');
          flood();
        });
        socket.on('drain', flood);
      });
      expect(await http(port, { contains: 'well' })).toMatchObject({ isUp: false });
      expect(written).toBeLessThan(64 * 1024 * 1024);
      expect(await http(port)).toEqual(upWith('status 200'));
    });

    test('who hangs is cut off when time is over', async () => {
      const port = await saying('HTTP/1.1 2');
      const silent = await serving(() => undefined);
      expect(await http(silent, {}, 50)).toEqual(downWith('no answer in time'));
      expect((await http(port, {}, 50)).isUp).toBe(false);
    });

    test('who resets is down', async () => {
      const port = await serving((socket) => socket.once('data', () => socket.resetAndDestroy()));
      expect(await http(port)).toEqual(downWith('connection reset by peer'));
    });
  });

  describe('over TLS', () => {
    const authorities = getCACertificates('default');
    beforeAll(() => setDefaultCACertificates([CERTIFICATE]));
    afterAll(() => setDefaultCACertificates(authorities));

    const secure = (serve: (socket: Socket) => void = () => undefined): Promise<number> =>
      listening(createTlsServer({ key: KEY, cert: CERTIFICATE }, serve));

    test.each<[string, typeof tls | { serverName: undefined; verify: boolean }, boolean]>([
      ['for the name that is asked for', tls, true],
      ['for the address, where no name is', { serverName: undefined, verify: true }, true],
      ['for another name', { serverName: 'other.example.com', verify: true }, false],
      [
        'for another name, where that is all the same',
        { serverName: 'other.example.com', verify: false },
        true,
      ],
    ])('a certificate %s', async (_what, terms, isUp) => {
      const verdict = await probed({ kind: 'tls', port: undefined, tls: terms }, await secure());
      expect(verdict).toEqual({ isUp, why: isUp ? 'connected' : 'tls cert altname invalid' });
    });

    test('is down where somebody speaks something else', async () => {
      const port = await serving((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')),
      );
      const verdict = await probed({ kind: 'tls', port: undefined, tls }, port);
      expect(verdict.isUp).toBe(false);
    });

    test('is down where a handshake never ends', async () => {
      const port = await serving(() => undefined);
      const verdict = await probed({ kind: 'tls', port: undefined, tls }, port, 50);
      expect(verdict).toEqual(downWith('no answer in time'));
    });

    test('https', async () => {
      const port = await secure((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall is well')),
      );
      const https = (over: Partial<HttpTerms>): Promise<Verdict> =>
        probed({ kind: 'https', port, tls, http: { ...web, ...over } }, port);
      expect(await https({ contains: 'well' })).toEqual(upWith('status 200, and the text is there'));
      expect(await https({ expect: [[301, 301]] })).toEqual(downWith('status 200'));
    });
  });

  describe('dns', () => {
    const check = { kind: 'dns', port: undefined, dns } as const;

    async function answering(answer: (query: Buffer) => readonly Uint8Array[]): Promise<number> {
      const socket = createSocket('udp4');
      socket.on('message', (query, { port, address }) => {
        for (const each of answer(query)) socket.send(each, port, address);
      });
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      closing.push(() => socket.close());
      return socket.address().port;
    }
    const reply = (
      query: Buffer,
      rcode: number,
      change: (bytes: Buffer) => void = () => undefined,
    ): Buffer => {
      const bytes = Buffer.from(query);
      bytes[2] = 0x84;
      bytes[3] = rcode;
      change(bytes);
      return bytes;
    };

    test('is what the RCODE says', async () => {
      expect(await probed(check, await answering((query) => [reply(query, 0)]))).toEqual(upWith('NOERROR'));
      expect(await probed(check, await answering((query) => [reply(query, 5)]))).toEqual(downWith('REFUSED'));
      const port = await answering((query) => [reply(query, 3)]);
      const missing = { kind: 'dns', port: undefined, dns: { ...dns, expect: [0, 3] } } as const;
      expect(await probed(missing, port)).toEqual(upWith('NXDOMAIN'));
    });

    test('nobody else answers for it', async () => {
      const port = await answering((query) => [
        reply(query, 0, (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0)),
        query,
        reply(query, 0, (bytes) => bytes.write('X', 13)),
        query.subarray(0, 11),
        reply(query, 2),
      ]);
      expect(await probed(check, port)).toEqual(downWith('SERVFAIL'));
    });

    test('is down where nobody answers', async () => {
      expect(await probed(check, await answering(() => []), 50)).toEqual(downWith('no answer in time'));
      expect((await probed(check, await closedPort(), 2_000)).isUp).toBe(false);
    });
  });

  describe('a program', () => {
    const run = (command: readonly string[], timeoutMs?: number): Promise<Verdict> =>
      probed({ kind: 'exec', command }, 8_080, timeoutMs);

    test('says by its exit status how it is', async () => {
      expect(await run(['/bin/true'])).toEqual(upWith('exit status 0'));
      expect(await run(['/bin/sh', '-c', 'exit 3'])).toEqual(downWith('exit status 3'));
      expect(await run(['/nowhere/check'])).toEqual(downWith('cannot be run: ENOENT'));
    });

    test('is told whom it is about, and nothing of us', async () => {
      process.env.CAIRN_TEST_SECRET = 'known';
      const script =
        '[ "$1 $2 $CAIRN_ADDRESS $CAIRN_PORT $CAIRN_TEST_SECRET" = "127.0.0.1 -p8080 127.0.0.1 8080 " ]';
      expect(await run(['/bin/sh', '-c', script, 'check', '{address}', '-p{port}'])).toEqual(
        upWith('exit status 0'),
      );
    });

    test('is ended when its time is over, with all that it has begun', async () => {
      // Open as long as any of them lives.
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const port = await serving((socket) => socket.on('close', () => resolve()).resume());
      const waits = `exec 3<>/dev/tcp/127.0.0.1/${port}; sleep 60 & sleep 60`;
      expect(await run(['/bin/bash', '-c', waits], 300)).toEqual(downWith('no answer in time'));
      await closed;
    });
  });

  test('all are counted and timed', () => {
    expect(counters.get(Counter.probesUp)).toBeGreaterThan(200);
    expect(counters.get(Counter.probesDown)).toBeGreaterThan(counters.get(Counter.probesTimedOut));
    const { counts } = probeTimes.row(probeRow('tcp'));
    expect(counts.reduce((sum, count) => sum + count)).toBe(202);
  });
});

test('over system calls, no program is woken where a connection is all that is wanted', async () => {
  const carrier = new NativeCarrier(realWorld, native, new NodeCarrier());
  const accepted: (number | undefined)[] = [];
  const port = await serving(({ remotePort }) => accepted.push(remotePort));
  const to = { address: '127.0.0.1', port };
  const verdicts: Verdict[] = [];
  for (let i = 0; i < 20; i++)
    verdicts.push(await new Promise((told) => void carrier.carry(to, { by: 'stream' }, undefined, told)));
  // A connection that is made now is accepted after all that were made before.
  const last = connect(to.port, to.address);
  await once(last, 'connect');
  while (!accepted.includes(last.localPort)) await new Promise((resolve) => setImmediate(resolve));
  expect(verdicts.every(({ isUp }) => isUp)).toBe(true);
  // A process that stands still for as long as an acknowledgement can be held back sends it.
  expect(accepted.length).toBeLessThan(10);
  last.destroy();
  carrier.close();
});

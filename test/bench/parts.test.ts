/** Pieces of the parts that measure, without anything to measure. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { coresFor } from '../../bench/authoritative.ts';
import { sites } from '../../bench/farm.ts';
import { cachedBytes } from '../../bench/flood.ts';
import { isInstalled } from '../../bench/machine.ts';
import { messagesOf, pacerOver } from '../../bench/pace.ts';
import { serialIn } from '../../bench/reload.ts';
import { medianBy, ratio } from '../../bench/statistics.ts';
import { nameFromText } from '../../src/wire/name.ts';

describe('statistics', () => {
  test('the median is a round that was, the worse of two', () => {
    const own = (n: number): number => n;
    expect(medianBy([3, 1, 2], own)).toBe(2);
    expect(medianBy([3, 1], own)).toBe(3);
    expect(medianBy([], own)).toBeUndefined();
  });
  test('ratios are ours to theirs', () => expect(ratio(1, 3)).toBe('0.33'));
});

describe('cores', () => {
  test('are the server’s first, the client’s then, and shared when there are too few', () => {
    expect(coresFor(1, 2)).toEqual({ server: '0-0', client: '1-1', isShared: false });
    expect(coresFor(2, 2)).toEqual({ server: '0-1', client: '1-1', isShared: true });
    expect(coresFor(2, 4)).toEqual({ server: '0-1', client: '2-3', isShared: false });
  });
});

describe('the farm', () => {
  const all = sites(99);
  const ofZone = (zone: string) => all.find(({ zones }) => zones[zone] !== undefined);

  test('has a root, registries and hosting, each at addresses of its own', () => {
    expect(all.map(({ zones }) => Object.keys(zones).length)).toEqual([1, 20, 2_000]);
    const addresses = all.flatMap((site) => site.addresses);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses.every((address) => address.startsWith('127.99.'))).toBe(true);
  });

  test('delegates to where a zone is', () => {
    for (const [zone, above] of [
      ['tld7', '.'],
      ['dom42.tld7', 'tld7'],
    ] as const) {
      const [label] = zone.split('.');
      const glue = [...(ofZone(above)?.zones[above] ?? '').matchAll(new RegExp(`\\.${label} A (\\S+)`, 'g'))];
      expect(glue.length).toBeGreaterThan(0);
      for (const [, address] of glue) expect(ofZone(zone)?.addresses).toContain(address);
    }
  });
});

test('the cache’s bytes are found among the metrics', () => {
  expect(cachedBytes('# TYPE cairn_cache_bytes gauge\ncairn_cache_bytes 123456\nother 1\n')).toBe(123_456);
  expect(cachedBytes('')).toBeNaN();
});

describe('the serial of an answer', () => {
  const name = (text: string): Uint8Array => nameFromText(text) as Uint8Array;
  const question = Buffer.concat([Buffer.alloc(12), name('big.test'), Buffer.of(0, 6, 0, 1)]);
  question[7] = 1;
  const head = Buffer.concat([Buffer.of(0xc0, 12, 0, 6, 0, 1), Buffer.alloc(6)]);
  const serial = Buffer.of(0, 1, 0, 2);

  test('stands behind two names, compressed or not', () => {
    const names = [
      Buffer.concat([name('ns1.big.test'), name('host.big.test')]),
      Buffer.of(3, 110, 115, 49, 0xc0, 12, 0xc0, 12),
    ];
    for (const pair of names) {
      expect(serialIn(Buffer.concat([question, head, pair, serial]), question.length)).toBe(0x10002);
    }
  });

  test('is none where there is no answer', () => {
    expect(serialIn(question.subarray(0, 12), question.length)).toBe(0);
    expect(serialIn(Buffer.concat([question, head]), question.length)).toBe(0);
  });
});

describe('the client that keeps to a schedule', () => {
  test('is given queries behind their lengths', () => {
    const messages = messagesOf('www.example.test A\nexample.test SOA\n');
    const second = 2 + messages.readUInt16BE(0);
    expect(messages.readUInt16BE(second)).toBe(12 + 14 + 4);
    expect(messages.length).toBe(second + 2 + 12 + 14 + 4);
    expect(messages.subarray(-4)).toEqual(Buffer.of(0, 6, 0, 1));
  });

  test.skipIf(!isInstalled('cc') || !isInstalled('taskset'))(
    'counts what it sent and what was lost',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'cairn-pace-'));
      const server = createSocket('udp4').bind(0, '127.0.0.1');
      await once(server, 'listening');
      let asked = 0;
      let answered = 0;
      server.on('message', (message, { port }) => {
        if (++asked % 4 === 0) return;
        answered += 1;
        server.send(message, port, '127.0.0.1');
      });
      try {
        const queries = join(folder, 'queries.txt');
        writeFileSync(queries, 'a.example.test A\nb.example.test AAAA\n');
        const pacer = await pacerOver(folder, queries);
        const pace = await pacer?.({ port: server.address().port }, 200, 1);
        expect(pace?.sent).toBe(asked);
        expect(pace?.lost).toBe(asked - answered);
        expect(pace?.lost).toBeGreaterThan(0);
      } finally {
        server.close();
        rmSync(folder, { recursive: true });
      }
    },
  );
});

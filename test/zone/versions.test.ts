/** Versions of a zone, and threads that read one while the next is being written. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { put32 } from '../../src/base/bytes.ts';
import { Type } from '../../src/wire/codes.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { change } from '../../src/zone/change.ts';
import { Image } from '../../src/zone/image.ts';
import type { Change } from '../../src/zone/thaw.ts';
import { ask, image, lines, name, pipeline, SOA_AND_NS } from '../support/authority.ts';
import type { VersionReaderStart } from './version-reader.ts';

const NAMES = 40;
const VERSIONS = 60;
const names = Array.from({ length: NAMES }, (_, i) => name(`n${i}.z.test.`));

function changed(zone: Image, changes: readonly Change[]): Image {
  const verdict = change(zone, changes);
  if (verdict.kind !== 'changed') throw new Error(verdict.kind);
  return verdict.image;
}

function numbered(zone: Image, number: number): Image {
  const address = new Uint8Array(4);
  put32(address, 0, number);
  const rrsets = [packRrset(Type.A, 60, [address])];
  return changed(
    zone,
    names.map((each, i) => ({ name: each, rrsets: i % 2 === 0 || number % 2 === 1 ? rrsets : [] })),
  );
}

test('readers see the version they were given and nothing else, while others are written', async () => {
  const filler = Array.from({ length: 12_000 }, (_, i) => `f${i} TXT "some room for many versions"`).join(
    '\n',
  );
  let zone = numbered(image('z.test', `$TTL 60\n${SOA_AND_NS}${filler}\n`), 1);
  const version = (number: number): VersionReaderStart['version'] => {
    return { buffer: zone.buffer, end: zone.end, number };
  };
  const start = { names, version: version(1) } satisfies VersionReaderStart;
  const entry = new URL('./version-reader.ts', import.meta.url);
  const readers = Array.from({ length: 2 }, () => new Worker(entry, { workerData: start }));
  await Promise.all(readers.map((reader) => once(reader, 'message')));
  for (let number = 2; number <= VERSIONS; number++) {
    zone = numbered(zone, number);
    // One follows closely, the other lags.
    for (const [i, reader] of readers.entries())
      if (number % (1 + 6 * i) === 0) reader.postMessage(version(number));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const told = readers.map((reader) => once(reader, 'message'));
  for (const reader of readers) reader.postMessage(undefined);
  for (const [{ wrong, rounds }] of await Promise.all(told)) {
    expect(wrong).toBe(0);
    expect(rounds).toBeGreaterThan(0);
  }
});

const zone = image('z.test', `$TTL 60\n${SOA_AND_NS}www A 192.0.2.1\nold.ent A 192.0.2.2\n`);
const said = (version: Image, question: string): string | undefined =>
  lines(ask(pipeline(new Catalog([version])), question))[0];

test('empty non-terminals come and go with what is below them [RFC 4592 §2.2.2]', () => {
  const a = (owner: string): Change => ({
    name: name(owner),
    rrsets: [packRrset(Type.A, 60, [Uint8Array.of(192, 0, 2, 9)])],
  });
  const next = changed(zone, [a('x.new.ent2.z.test.'), { name: name('old.ent.z.test.'), rrsets: [] }]);
  expect(said(next, 'ent2.z.test')).toBe('NOERROR aa');
  expect(said(next, 'ent.z.test')).toBe('NXDOMAIN aa');
  expect(said(zone, 'ent2.z.test')).toBe('NXDOMAIN aa');
  expect(said(zone, 'ent.z.test')).toBe('NOERROR aa');
  const last = changed(next, [a('again.ent.z.test.'), { name: name('x.new.ent2.z.test.'), rrsets: [] }]);
  expect(said(last, 'ent.z.test')).toBe('NOERROR aa');
  expect(said(last, 'new.ent2.z.test')).toBe('NXDOMAIN aa');
});

test('who opens the memory sees the newest version, or that one which he asks for', () => {
  const before = image('z.test', SOA_AND_NS);
  const after = changed(before, [
    { name: name('z.test.'), rrsets: [soa(9), packRrset(Type.NS, 60, [name('ns.')])] },
  ]);
  expect(new Image(before.buffer)).toMatchObject({
    end: after.end,
    serial: 9,
    recordCount: 2,
    negativeTtl: 60,
  });
  expect(new Image(before.buffer, before.end)).toMatchObject({ serial: 1, negativeTtl: 60 });
});

function soa(serial: number): Uint8Array {
  const numbers = new Uint8Array(20);
  for (const [i, n] of [serial, 3600, 600, 86_400, 60].entries()) put32(numbers, 4 * i, n);
  return packRrset(Type.SOA, 3600, [Uint8Array.of(...name('ns.'), ...name('host.'), ...numbers)]);
}

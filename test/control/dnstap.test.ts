import { expect, test } from 'vitest';
import { dnstapFrames } from '../../src/control/dnstap.ts';
import { Path, type Sighting } from '../../src/server/observer.ts';
import { Query } from '../../src/wire/query.ts';
import { framesOf, type Tapped } from './dnstap-decoder.ts';

const packet = Buffer.from('00010100000100000000000003777777076578616d706c6503636f6d0000010001ff', 'hex');

function sighting(changed: Partial<Sighting> = {}): Sighting {
  const query = new Query();
  query.read(packet, packet.length - 1);
  const local = { address: Uint8Array.of(192, 0, 2, 53), port: 53 };
  const client = { transport: 'udp', address: Uint8Array.of(192, 0, 2, 7), port: 65_535, local } as const;
  const out = Buffer.from('000181000001000000000000ffff', 'hex');
  return {
    query,
    client,
    rcode: 0,
    path: Path.AUTHORITATIVE,
    ms: 1.5,
    wallMs: NOW_MS,
    out,
    length: 12,
    ...changed,
  };
}

const NOW_MS = 1_700_000_000_250.75;
const speaker = { identity: 'ns1', version: 'cairn 1' };

function tapped(changed: Partial<Sighting> = {}): [asked: Tapped, answered: Tapped] {
  return framesOf(Buffer.from(dnstapFrames(sighting(changed), speaker))) as [Tapped, Tapped];
}

test('a query and its response are two messages with client, times and bytes', () => {
  const [asked, answered] = tapped();
  expect(Object.fromEntries(asked.envelope)).toMatchObject({
    1: Buffer.from('ns1'),
    2: Buffer.from('cairn 1'),
    15: 1,
  });
  const peer = { 2: 1, 3: 1, 4: Buffer.of(192, 0, 2, 7), 5: Buffer.of(192, 0, 2, 53), 6: 65_535, 7: 53 };
  expect(Object.fromEntries(asked.message)).toEqual({
    1: 1,
    ...peer,
    8: 1_700_000_000,
    9: 249_250_000,
    10: packet.subarray(0, -1),
  });
  expect(Object.fromEntries(answered.message)).toEqual({
    1: 2,
    ...peer,
    8: 1_700_000_000,
    9: 249_250_000,
    12: 1_700_000_000,
    13: 250_750_000,
    14: Buffer.from('000181000001000000000000', 'hex'),
  });
});

test.each([Path.CACHED, Path.RECURSIVE, Path.OTHER])(
  'path %d is that of a client, not of an authority',
  (path) => {
    const types = tapped({ path }).map(({ message }) => message.get(1));
    expect(types).toEqual([5, 6]);
  },
);

test('an IPv6 client over TCP', () => {
  const address = Buffer.from('20010db8000000000000000000000001', 'hex');
  const [{ message }] = tapped({ client: { transport: 'tcp', address, port: 1 } });
  expect([message.get(2), message.get(3), message.get(4)]).toEqual([2, 2, address]);
  expect([message.get(5), message.get(7)]).toEqual([undefined, undefined]);
});

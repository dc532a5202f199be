/**
 * The server as an operator starts it, with pools that choose by place: who gets what, over which transport
 * and by whose word; and what happens when the database is renewed, badly or well.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { decode, encode } from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mmdb } from '../pool/mmdb.ts';
import { folderOf, ServerProcess, short, zoneText } from './server.ts';
import { Watched } from './watched.ts';

const IN_EUROPE = '127.1.0.1';
const IN_AMERICA = '127.2.0.1';
const RESOLVER = '127.0.0.53';

const database = (here: string, there: string): Buffer =>
  mmdb([
    ['127.1.0.0/16', { country: { iso_code: here } }],
    ['127.2.0.0/16', { country: { iso_code: there } }],
  ]);

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  const pool = 'near POOL 192.0.2.10 geo=EU\nnear POOL 192.0.2.20 geo=NA\nnear POOL 192.0.2.30\n';
  files = folderOf({
    'example.com.zone': zoneText('192.0.2.1') + pool,
    'cairn.yaml': JSON.stringify({
      ...{ zones: '.', listen: ['127.0.0.1:0'], threads: 1, http: { listen: '127.0.0.1:0' } },
      places: { country: 'places.mmdb' },
      pools: { subnetsFrom: [RESOLVER] },
    }),
  });
  renew(database('DE', 'US'));
  server = new ServerProcess(['--config', files.path('cairn.yaml')]);
  port = await server.port();
});
afterAll(async () => {
  await server.stop();
  files.remove();
});

/** As those do who renew it each week. */
function renew(bytes: Buffer): void {
  writeFileSync(files.path('.new'), bytes);
  renameSync(files.path('.new'), files.path('places.mmdb'));
}

function query(network?: string): Buffer {
  const subnet = { code: 8, family: 1, sourcePrefixLength: 24, scopePrefixLength: 0, ip: network };
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: network ? [subnet] : [] };
  const questions = [{ name: 'near.example.com', type: 'A' as const }];
  return encode({ type: 'query', id: 7, questions, additionals: [opt as never] });
}

/** The answer, and behind a slash the scope. */
async function near(from: string, network?: string): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, from);
    const answered = once(socket, 'message');
    socket.send(query(network), port, '127.0.0.1');
    const [bytes] = (await answered) as [Buffer];
    const packet = decode(bytes);
    const opt = packet.additionals?.find(({ type }) => type === 'OPT') as { options?: object[] } | undefined;
    const scopes = (opt?.options ?? []).map(
      (option) => (option as { scopePrefixLength?: number }).scopePrefixLength,
    );
    return [short(packet), ...scopes.filter((scope) => scope !== undefined)].join(' /');
  } finally {
    socket.close();
  }
}

async function nearOverTcp(localAddress: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  const packet = query();
  socket.write(Buffer.concat([Buffer.of(0, packet.length), packet]));
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return short(decode(bytes.subarray(2)));
}

test('each client gets what is near, in any thread', async () => {
  expect(await near(IN_EUROPE)).toBe('192.0.2.10');
  expect(await near(IN_AMERICA)).toBe('192.0.2.20');
  expect(await near('127.3.0.1')).toBe('192.0.2.30');
  expect(await nearOverTcp(IN_EUROPE)).toBe('192.0.2.10');
  expect(await nearOverTcp(IN_AMERICA)).toBe('192.0.2.20');
});

test('a resolver tells where its clients are, if it may', async () => {
  expect(await near(RESOLVER, '127.2.0.0')).toBe('192.0.2.20 /16');
  expect(await near(RESOLVER, '127.1.0.0')).toBe('192.0.2.10 /16');
  expect(await near(RESOLVER)).toBe('192.0.2.30');
  expect(await near(IN_EUROPE, '127.2.0.0')).toBe('192.0.2.10');
});

test('a damaged database changes nothing; a good one moves who has moved', async () => {
  const from = server.lines.length;
  renew(database('US', 'DE').subarray(0, -40));
  await server.said('reload refused', from);
  const told = server.lines.slice(from).filter(({ file }) => file === files.path('places.mmdb'));
  expect(told.map(({ level }) => level)).toEqual(['error']);
  expect(await near(IN_EUROPE)).toBe('192.0.2.10');
  const then = server.lines.length;
  renew(database('US', 'DE'));
  await server.said('reloaded', then);
  expect(await near(IN_EUROPE)).toBe('192.0.2.20');
  expect(await nearOverTcp(IN_AMERICA)).toBe('192.0.2.10');
});

test('how old it is, is told', async () => {
  const series = 'cairn_places_built_timestamp_seconds{database="country"}';
  expect(await new Watched(server).value(series)).toBe(1_780_000_000);
});

test('nobody starts with a damaged one', async () => {
  const other = folderOf({
    'example.com.zone': zoneText('192.0.2.1'),
    'places.mmdb': 'none',
    'cairn.yaml': 'zones: .\nlisten: ["127.0.0.1:0"]\nplaces: { country: places.mmdb }\n',
  });
  const refused = new ServerProcess(['--config', other.path('cairn.yaml')]);
  expect(await refused.exited).toBe(1);
  expect(refused.text).toContain('expected a database of countries that can be read');
  other.remove();
});

/**
 * The server as an operator starts it, with a resolver that is told the networks of clients: who gets which
 * answer, whatever thread has it, and who is not told of.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type OptAnswer } from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderOf, ServerProcess, short } from './server.ts';

interface Subnet {
  readonly code: number;
  readonly family: number;
  readonly sourcePrefixLength: number;
  readonly ip: string;
}

const opt = (options: object[]): never =>
  ({ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options }) as never;

/** Answers with an address that ends as the network does, or in 255 where it is told of none. */
const resolver = createSocket('udp4', (bytes, from) => {
  const { id = 0, questions = [], additionals = [] } = decode(bytes);
  const options = additionals.find((each): each is OptAnswer => each.type === 'OPT')?.options as never;
  const { code, family, sourcePrefixLength, ip } =
    (options as Subnet[] | undefined)?.find((each) => each.code === 8) ?? ({} as Partial<Subnet>);
  told.push(ip === undefined ? 'nothing' : `${ip}/${sourcePrefixLength}`);
  const data = `203.0.113.${ip?.split('.')[2] ?? 255}`;
  const scope = { code, family, sourcePrefixLength, scopePrefixLength: 24, ip };
  const reply = encode({
    type: 'response',
    id,
    flags: 0x0180, // RD, RA
    questions,
    answers: [{ type: 'A', name: questions[0]?.name ?? '', ttl: 300, data }],
    additionals: [opt(ip === undefined ? [] : [scope])],
  });
  resolver.send(reply, from.port, from.address);
});
const told: string[] = [];

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  resolver.bind(0, '127.0.0.1');
  await once(resolver, 'listening');
  const recursion = {
    forward: { '.': [`127.0.0.1@${resolver.address().port}`] },
    clientSubnet: { servers: ['127.0.0.1'], zones: ['cdn.example'] },
  };
  files = folderOf({ 'cairn.yaml': JSON.stringify({ listen: ['127.0.0.1:0'], threads: 1, recursion }) });
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  port = await server.port();
});

afterAll(async () => {
  await server.stop();
  resolver.close();
  files.remove();
});

async function askFrom(address: string, name: string, options: object[] = []): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, address);
    const questions = [{ name, type: 'A' as const }];
    const query = encode({ type: 'query', flags: 0x0100, questions, additionals: [opt(options)] });
    socket.send(query, port, '127.0.0.1');
    const [bytes] = (await once(socket, 'message')) as [Buffer];
    return short(decode(bytes));
  } finally {
    socket.close();
  }
}

test('each network has its answer, and who hides has another', async () => {
  const hiding = [{ code: 8, family: 1, sourcePrefixLength: 0, scopePrefixLength: 0, ip: '0.0.0.0' }];
  for (let round = 0; round < 3; round++) {
    expect(await askFrom('127.0.1.1', 'www.cdn.example')).toBe('203.0.113.1');
    expect(await askFrom('127.0.2.1', 'www.cdn.example')).toBe('203.0.113.2');
    expect(await askFrom('127.0.1.2', 'www.cdn.example', hiding)).toBe('203.0.113.255');
    expect(await askFrom('127.0.1.9', 'www.cdn.example')).toBe('203.0.113.1');
  }
  expect(told).toEqual(['127.0.1.0/24', '127.0.2.0/24', 'nothing']);
});

test('with other names nothing is told, and all have one answer', async () => {
  expect(await askFrom('127.0.1.1', 'www.example')).toBe('203.0.113.255');
  expect(await askFrom('127.0.2.1', 'www.example')).toBe('203.0.113.255');
  expect(told.slice(3)).toEqual(['nothing']);
});

/**
 * A client that finds its service by SRV as RFC 2782 has it, over the answers of a server whose pool is
 * checked: it reaches who is alive, in the tier that is, as the weights say.
 */
import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Packet, SrvAnswer, StringAnswer } from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chance } from '../support/chance.ts';
import { ask, folderOf, ServerProcess } from './server.ts';

const FIRST = '127.55.8.1';
const SECOND = '127.55.8.2';
const RESERVE = '127.55.8.3';

interface Service {
  readonly address: string;
  readonly port: number;
  readonly server: Server;
}

const services: Service[] = [];
let files: ReturnType<typeof folderOf>;
let cairn: ServerProcess;
let port: number;

async function serve(address: string): Promise<Service> {
  const server = createServer((_, reply) => reply.end(address)).listen(0, address);
  await once(server, 'listening');
  const service = { address, port: (server.address() as AddressInfo).port, server };
  services.push(service);
  return service;
}

async function kill(address: string): Promise<void> {
  const { server } = services.find((each) => each.address === address) as Service;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

beforeAll(async () => {
  const [first, second, reserve] = [await serve(FIRST), await serve(SECOND), await serve(RESERVE)];
  files = folderOf({
    's.example.zone': [
      '$TTL 60\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.53',
      `web POOL ${first.address} port=${first.port} weight=3 check=web`,
      `web POOL ${second.address} port=${second.port} weight=1 check=web`,
      `web POOL ${reserve.address} port=${reserve.port} tier=1 check=web`,
      '_http._tcp POOL use=web\n',
    ].join('\n'),
  });
  const settings = {
    ...{ listen: ['127.0.0.1:0'], zones: files.path('') },
    probes: { allow: ['127.55.8.0/24'] },
    checks: { web: { http: {}, interval: '1s', timeout: '500ms', rise: 1, fall: 1 } },
  };
  files.write('cairn.yaml', JSON.stringify(settings));
  cairn = new ServerProcess(['--config', files.path('cairn.yaml')]);
  port = await cairn.port();
});

afterAll(async () => {
  await cairn.stop();
  for (const { server } of services) server.close();
  files.remove();
});

const asked = (): Promise<Packet> => ask(port, '_http._tcp.s.example', 'SRV');

const services2782 = ({ answers = [] }: Packet): SrvAnswer['data'][] =>
  answers.filter((each): each is SrvAnswer => each.type === 'SRV').map(({ data }) => data);

/** The order in which a client tries them: RFC 2782, "Usage rules". */
function ordered(records: readonly SrvAnswer['data'][], draw: (n: number) => number): SrvAnswer['data'][] {
  const tiers = [...new Set(records.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
  return tiers.flatMap((tier) => {
    const left = records
      .filter(({ priority }) => priority === tier)
      .sort((a, b) => Number(a.weight !== 0) - Number(b.weight !== 0));
    const order: SrvAnswer['data'][] = [];
    while (left.length > 0) {
      let rest = draw(left.reduce((sum, { weight = 0 }) => sum + weight, 0) + 1);
      const i = left.findIndex(({ weight = 0 }) => (rest -= weight) <= 0);
      order.push(...left.splice(i, 1));
    }
    return order;
  });
}

/** Of the additional section: who asks for SRV need not ask again. */
function addressOf({ additionals = [] }: Packet, target: string): string {
  const found = additionals.find((each): each is StringAnswer => each.type === 'A' && each.name === target);
  return found?.data ?? 'nowhere';
}

/** What the first one says, without trying another. */
async function reach(packet: Packet, draw: (n: number) => number): Promise<string> {
  const [first] = ordered(services2782(packet), draw);
  const host = addressOf(packet, first?.target ?? '');
  const request = get({ host, port: first?.port, agent: false });
  const [reply] = await once(request, 'response');
  let body = '';
  for await (const chunk of reply) body += chunk;
  return body;
}

const named = async (): Promise<string[]> => {
  const packet = await asked();
  return services2782(packet)
    .map(({ target }) => addressOf(packet, target))
    .sort();
};

test('a client goes where the weights say, and to nobody else', async () => {
  const packet = await asked();
  expect(services2782(packet).map(({ priority, weight }) => [priority, weight])).toEqual(
    expect.arrayContaining([
      [0, 3],
      [0, 1],
      [1, 1],
    ]),
  );
  const chance = new Chance(1);
  const draw = (n: number): number => chance.below(n);
  const went = new Map<string, number>();
  for (let i = 0; i < 4_000; i++) {
    const [first] = ordered(services2782(packet), draw);
    const address = addressOf(packet, first?.target ?? '');
    went.set(address, (went.get(address) ?? 0) + 1);
  }
  expect([...went.keys()].sort()).toEqual([FIRST, SECOND]);
  // RFC 2782 draws from 0 to the sum, both included: one in five is left to the first record in the list.
  expect(went.get(FIRST)).toBeGreaterThan(2_200);
  for (let i = 0; i < 20; i++) expect([FIRST, SECOND]).toContain(await reach(await asked(), draw));
});

test('who has died is named no more; the reserve stands in when both have', async () => {
  const chance = new Chance(2);
  const draw = (n: number): number => chance.below(n);
  await kill(FIRST);
  await expect.poll(named, { timeout: 10_000 }).toEqual([SECOND, RESERVE]);
  for (let i = 0; i < 20; i++) expect(await reach(await asked(), draw)).toBe(SECOND);
  await kill(SECOND);
  await expect.poll(named, { timeout: 10_000 }).toEqual([RESERVE]);
  for (let i = 0; i < 20; i++) expect(await reach(await asked(), draw)).toBe(RESERVE);
});

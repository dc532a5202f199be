/**
 * Names that nobody has asked before, while the way to their servers is bad: servers dead, slow or far, and
 * datagrams lost there and back. Each condition is a zone of a wild internet; a resolver is asked a name of
 * it every so often, by a client that asks once and waits. All conditions of one resolver go on at once, and
 * all resolvers, since waiting costs nothing.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from 'dns-packet';
import type { Sitting } from './sitting.ts';
import { type Asked, addressed, type Ns, type Said, type WildInternet } from './wild.ts';
import { withResolvers } from './wilderness.ts';
import { chance } from './zone.ts';

/** How one server of the zone is to be reached. */
interface Way {
  readonly isDead?: boolean;
  readonly delayMs?: number;
  /** Of datagrams, there and back. */
  readonly lossThere?: number;
  readonly lossBack?: number;
}

interface Condition {
  readonly what: string;
  readonly zone: string;
  readonly ways: readonly Way[];
}

const HALF_LOST: Way = { lossThere: 0.3, lossBack: 0.3, delayMs: 2 };

export const CONDITIONS: readonly Condition[] = [
  { what: 'two servers, well', zone: 'well.com', ways: [{ delayMs: 2 }, { delayMs: 2 }] },
  { what: 'one of two dead', zone: 'half.com', ways: [{ delayMs: 2 }, { isDead: true }] },
  {
    what: 'one of three alive',
    zone: 'third.com',
    ways: [{ delayMs: 2 }, { isDead: true }, { isDead: true }],
  },
  { what: 'one near, one 800 ms away', zone: 'far.com', ways: [{ delayMs: 2 }, { delayMs: 800 }] },
  {
    what: '30 % lost on the way back, two servers',
    zone: 'lossy.com',
    ways: [
      { lossBack: 0.3, delayMs: 2 },
      { lossBack: 0.3, delayMs: 2 },
    ],
  },
  { what: '30 % lost each way, two servers', zone: 'lossier.com', ways: [HALF_LOST, HALF_LOST] },
  { what: '30 % lost each way, one server', zone: 'lossiest.com', ways: [HALF_LOST] },
];

export interface WeatherRow {
  readonly server: string;
  /** In the order of `CONDITIONS`. */
  readonly under: readonly Answered[];
}

export interface Answered {
  readonly asked: number;
  /** With the address, within the client's patience. */
  readonly answered: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of all but the first, with which a resolver learns whom it can ask. */
  readonly laterP95: number;
}

const PATIENCE_MS = 5_000;
const LEARNING = 20;
const ADDRESS = '192.0.2.80';

export const measureWeather = (sitting: Sitting): Promise<WeatherRow[] | undefined> =>
  withResolvers(sitting, 'weather', async (server, port, internet) => ({
    server,
    under: await weather(internet, port, sitting.isQuick ? 200 : 1_000),
  }));

export async function weather(internet: WildInternet, port: number, count: number): Promise<Answered[]> {
  for (const [i, condition] of CONDITIONS.entries()) await build(internet, condition, 30 + i);
  return Promise.all(CONDITIONS.map(({ zone }) => askAll(port, zone, count)));
}

async function build(internet: WildInternet, { zone, ways }: Condition, group: number): Promise<void> {
  const servers = ways.map((_, i): Ns => [`ns${i}.${zone}`, internet.address(group, i + 1)]);
  internet.delegate(zone, servers);
  for (const [i, way] of ways.entries()) {
    const draw = chance(group * 10 + i);
    const [name, address] = servers[i] as readonly [string, string];
    await internet.put(address, (asked) =>
      reached(way, draw, asked.via, addressed(asked, zone, asked.name === name ? address : ADDRESS)),
    );
  }
}

/** What is lost over TCP comes a little later. */
const TCP_AGAIN_MS = 200;

function reached(way: Way, draw: () => number, via: Asked['via'], all: Said): Said {
  const { isDead, delayMs = 0, lossThere = 0, lossBack = 0 } = way;
  if (isDead || all === 'reset') return [];
  let afterMs = delayMs;
  for (const loss of [lossThere, lossBack]) {
    for (; draw() < loss; afterMs += TCP_AGAIN_MS) if (via === 'udp') return [];
  }
  return all.map(({ bytes }) => ({ bytes, afterMs }));
}

/** Fifty a second. */
const EVERY_MS = 20;

export async function askAll(port: number, zone: string, count: number): Promise<Answered> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const began: number[] = [];
  const took: number[] = [];
  socket.on('message', (bytes) => {
    const { id = 0, answers = [] } = decode(bytes);
    const isRight = answers.some((record) => record.type === 'A' && record.data === ADDRESS);
    if (isRight) took[id] ??= performance.now() - (began[id] as number);
  });
  socket.on('error', () => undefined);
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (let id = 0; id < count; id++) {
    const questions = [{ name: `n${id}.${zone}`, type: 'A' as const }];
    began[id] = performance.now();
    socket.send(encode({ type: 'query', id, flags: 0x100, questions }));
    await sleep(EVERY_MS);
  }
  await sleep(PATIENCE_MS);
  socket.close();
  return summary(count, took);
}

function summary(asked: number, took: readonly number[]): Answered {
  const times = Array.from({ length: asked }, (_, id) => took[id] ?? Number.POSITIVE_INFINITY);
  const quantile = (of: readonly number[], q: number): number =>
    [...of].sort((one, other) => one - other)[Math.min(of.length - 1, Math.floor(q * of.length))] as number;
  return {
    asked,
    answered: times.filter((ms) => ms <= PATIENCE_MS).length,
    p50: Math.round(quantile(times, 0.5)),
    p95: Math.round(quantile(times, 0.95)),
    p99: Math.round(quantile(times, 0.99)),
    laterP95: Math.round(quantile(times.slice(LEARNING), 0.95)),
  };
}

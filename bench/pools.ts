/**
 * Answers that are chosen. By weight, beside gdnsd's plugin `weighted`, over the same names; by country, for
 * a thousand clients that a resolver tells of, beside our own plain answers to the same query with and
 * without a client in it. dnsperf on the client's core, a warm pass, then rounds in turn.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { authorities } from './authorities.ts';
import { ask, inTurns, type RateRow } from './dnsperf.ts';
import { messagesOf } from './pace.ts';
import { OURS, type Recipe, type Server, startAll, stopAll } from './servers.ts';
import { worstShare } from './shares.ts';
import type { Sitting } from './sitting.ts';
import { chance, writeLines } from './zone.ts';

const NAMES = 1_000;
const CLIENTS = 1_000;
const QUERIES = 100_000;
const DRAWS = 100_000;
const WEIGHTS = [40, 30, 20, 10];
const APEX = 'pools.test';
const HEAD = `$TTL 60\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\nh1 A 192.0.2.1\n`;
const FLAGS = '-c 8 -q 200';

export interface PoolsRows {
  readonly weighted: readonly RateRow[];
  /** Ours alone: the kind of answer stands where a server does. */
  readonly placed: readonly RateRow[];
  /** Of a pool asked 100,000 times, how far from its weight the worst member is, in standard deviations. */
  readonly sigmas: number;
}
/** Kinds of answer; the names of the rows in `placed`. */
export const PLAIN = 'plain';
export const PLAIN_FOR_CLIENT = 'plain, client told';
export const BY_COUNTRY = 'by country, client told';

export async function measurePools(sitting: Sitting): Promise<PoolsRows> {
  return { ...(await raceWeighted(sitting)), placed: await racePlaced(sitting) };
}

const member = (i: number, k: number): string => `10.${i >> 8}.${i & 255}.${k + 1}`;

async function raceWeighted(sitting: Sitting): Promise<Omit<PoolsRows, 'placed'>> {
  const queries = join(sitting.folder, 'weighted-queries.txt');
  const draw = chance(5);
  await writeLines(queries, '', QUERIES, () => `w${Math.floor(draw() * NAMES)}.${APEX} A\n`);
  const file = join(sitting.folder, `${APEX}.zone`);
  const line = (i: number): string =>
    WEIGHTS.map((weight, k) => `w${i} POOL ${member(i, k)} weight=${weight}\n`).join('');
  await writeLines(file, HEAD, NAMES, line);
  const how = sitting.startFor({ apex: APEX, file, records: NAMES });
  const servers = await startAll([ours(file), gdnsd()], how);
  try {
    const [{ port }] = servers as [Server];
    const weights = Object.fromEntries(WEIGHTS.map((weight, k) => [member(0, k), weight]));
    const sigmas = await worstShare(port, `w0.${APEX}`, weights, DRAWS);
    return { weighted: await race(sitting, servers, (server) => [server, queries, FLAGS]), sigmas };
  } finally {
    await stopAll(servers);
  }
}

async function racePlaced(sitting: Sitting): Promise<RateRow[]> {
  const file = join(sitting.folder, `placed.${APEX}.zone`);
  const line = (i: number): string =>
    `p${i} A ${member(i, 0)}\n` +
    ['EU', 'US', 'AS', '*'].map((geo, k) => `g${i} POOL ${member(i, k)} geo=${geo}\n`).join('');
  await writeLines(file, HEAD, NAMES, line);
  const draw = chance(6);
  const clients = Array.from({ length: CLIENTS }, () => [1 + draw() * 222, draw() * 256, draw() * 256]);
  const kinds = [
    { kind: PLAIN, file: 'plain', label: 'p', isTold: false },
    { kind: PLAIN_FOR_CLIENT, file: 'plain-told', label: 'p', isTold: true },
    { kind: BY_COUNTRY, file: 'placed-told', label: 'g', isTold: true },
  ];
  const lists = kinds.map(({ kind, file: name, label, isTold }) => {
    const path = join(sitting.folder, `${name}.messages`);
    const names = Array.from({ length: QUERIES }, () => `${label}${Math.floor(draw() * NAMES)}.${APEX} A\n`);
    const clientOf = (i: number): readonly number[] => clients[i % CLIENTS] as readonly number[];
    writeFileSync(path, messagesOf(names.join(''), isTold ? (i) => subnetOption(clientOf(i)) : undefined));
    return { kind, path };
  });
  const settings = { pools: { subnetsFrom: ['127.0.0.1'] } };
  const [server] = await startAll(
    [ours(file, settings)],
    sitting.startFor({ apex: APEX, file, records: NAMES }),
  );
  if (server === undefined) return [];
  const rivals = lists.map(({ kind }) => ({ ...server, name: kind }));
  try {
    return await race(sitting, rivals, (rival) => [
      rival,
      lists.find(({ kind }) => kind === rival.name)?.path as string,
      `${FLAGS} -B`,
    ]);
  } finally {
    await server.stop();
  }
}

async function race(
  { isQuick }: Sitting,
  servers: readonly Server[],
  how: (server: Server) => [Server, string, string],
): Promise<RateRow[]> {
  const { rounds, seconds } = isQuick ? { rounds: 1, seconds: 3 } : { rounds: 3, seconds: 5 };
  const once = (server: Server, length: number): Promise<RateRow> => {
    const [subject, queries, flags] = how(server);
    return ask(subject, queries, `${flags} -l ${length}`);
  };
  for (const server of servers) await once(server, 2);
  return inTurns(servers, rounds, (server) => once(server, seconds));
}

/** RFC 6891 §6.1.2 with RFC 7871 §6: an OPT with one network of 24 bits. */
function subnetOption([a = 0, b = 0, c = 0]: readonly number[]): Uint8Array {
  const option = [0, 8, 0, 7, 0, 1, 24, 0, a, b, c];
  return Uint8Array.of(0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, option.length, ...option);
}

function ours(file: string, settings?: Readonly<Record<string, unknown>>): Recipe {
  const recipe = authorities({ apex: APEX, file, records: NAMES }, settings).find(
    ({ name }) => name === OURS,
  );
  return recipe as Recipe;
}

/** The same names and weights, each a resource of the plugin. */
export const gdnsd = (): Recipe => ({
  name: 'gdnsd',
  program: 'gdnsd',
  version: '-h',
  command(own, port, threads) {
    const all = Array.from({ length: NAMES }, (_, i) => i);
    const resource = (i: number): string =>
      `w${i} => { ${WEIGHTS.map((weight, k) => `m${k} => [ ${member(i, k)}, ${weight} ]`).join(', ')} }`;
    writeGdnsd(own, port, threads, `plugins => { weighted => { ${all.map(resource).join('\n')} } }`, {
      [APEX]: HEAD + all.map((i) => `w${i} DYNA weighted!w${i}\n`).join(''),
    });
    return ['gdnsd', '-c', own, 'start'];
  },
});

/** What gdnsd is to find in its folder: `stanzas` are of its configuration, zones are in its own format. */
export function writeGdnsd(
  own: string,
  port: number,
  threads: number,
  stanzas: string,
  zones: Readonly<Record<string, string>>,
): void {
  for (const folder of ['zones', 'run', 'state']) mkdirSync(join(own, folder));
  const where = `run_dir => "${own}/run", state_dir => "${own}/state"`;
  writeFileSync(
    join(own, 'config'),
    `options => { listen => 127.0.0.1:${port}, udp_threads => ${threads}, tcp_threads => 1, ${where} }\n` +
      `${stanzas}\n`,
  );
  for (const [apex, text] of Object.entries(zones)) writeFileSync(join(own, 'zones', apex), text);
}

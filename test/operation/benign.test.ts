/**
 * A flood of malformed datagrams and of garbage over TCP, and who asks meanwhile (LIMITS §0, BENIGN and
 * ALIVE): the whole server, fronts and resolver, with a small internet of its own. As many seconds as
 * BENIGN_SECONDS says; few in `npm test`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMessage } from '../../src/wire/message.ts';
import { valueIn } from '../control/scrape.ts';
import { lines, queryFor } from '../support/authority.ts';
import { underAttack } from './attacker.ts';
import { Internet } from './internet.ts';
import { connected, folderOf, ServerProcess, tcpExchange, zoneText } from './server.ts';
import { Watched } from './watched.ts';

const SECONDS = Number(process.env.BENIGN_SECONDS ?? 3);
const WARM_MS = 1_000;
const PER_SECOND = 50;
const PATIENCE_MS = 2_000;
/** The bar is 64 after a minute of rest; this is at once, with garbage that nobody has collected yet. */
const RSS_MIB_MORE = 96;
/** What a connection or two of the scrape itself may have open. */
const FDS_MORE = 4;

const ROOT = '127.55.0.1';
const HOSTING = '127.55.0.2';
const soa = (ns: string): string => `@ 60 SOA ${ns} host.${ns} 1 3600 600 86400 30\n@ 3600 NS ${ns}\n`;
const internet = new Internet([
  {
    address: ROOT,
    zones: {
      '.': `${soa('a.root.')}a.root. 3600 A ${ROOT}\nshop. 3600 NS ns.shop.\nns.shop. 3600 A ${HOSTING}\n`,
    },
  },
  {
    address: HOSTING,
    zones: { shop: `${soa('ns')}ns 3600 A ${HOSTING}\nwww 3600 A 192.0.2.2\n*.new 3600 A 192.0.2.3\n` },
  },
]);

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;
let watched: Watched;

beforeAll(async () => {
  await internet.open();
  const big = Array.from({ length: 40 }, (_, i) => `big TXT "${String(i).padStart(200, '.')}"\n`).join('');
  files = folderOf({
    hints: `. 3600 NS a.root.\na.root. 3600 A ${ROOT}\n`,
    'example.com.zone': zoneText('192.0.2.1') + big,
  });
  const recursion = { rootHints: 'hints', neverQuery: [], upstreamPort: internet.port };
  const settings = {
    ...{ listen: ['127.0.0.1:0'], zones: '.', threads: 2, recursion },
    ...{ tcp: { idle: '500ms' }, http: { listen: '127.0.0.1:0' } },
  };
  files.write('cairn.yaml', JSON.stringify(settings));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  port = await server.port();
  watched = new Watched(server);
});

afterAll(async () => {
  await server.stop();
  await internet.close();
  files.remove();
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** The n-th question of a good client, and its answer: ours, known already, and never asked before. */
const questionOf = (n: number): readonly [question: string, answer: string] =>
  (
    [
      ['www.example.com A', '192.0.2.1'],
      ['www.shop A', '192.0.2.2'],
      [`n${n}.new.shop A`, '192.0.2.3'],
      ['www.example.com A', '192.0.2.1'],
    ] as const
  )[n % 4] as readonly [string, string];

/** Whether it is answered, and rightly, without asking again; one in eight asks over TCP. */
async function isServed(n: number): Promise<boolean> {
  const [question, answer] = questionOf(n);
  const query = queryFor(question, { rd: true, udpSize: 1232 });
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS).then(() => undefined);
  const exchange = n % 8 === 7 ? tcpExchange(port, query) : udpExchange(query, patience.signal);
  const bytes = await Promise.race([exchange.catch(() => undefined), late]);
  patience.abort();
  const message = bytes && readMessage(bytes);
  const [status = '', first = ''] = message ? lines(message) : [];
  return status.startsWith('NOERROR') && first.endsWith(` IN A ${answer}`);
}

async function udpExchange(query: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const socket = await connected(port);
  signal.addEventListener('abort', () => socket.close());
  return new Promise((resolve) => {
    socket.on('message', resolve);
    socket.send(query);
  });
}

/** The good client, for so long: what it asked and was not answered rightly. */
async function askSteadily(seconds: number): Promise<{ asked: number; wrong: string[] }> {
  const served: Promise<boolean>[] = [];
  for (let n = 0; n < seconds * PER_SECOND; n++) {
    served.push(isServed(n));
    await sleep(1_000 / PER_SECOND);
  }
  const answers = await Promise.all(served);
  const wrong = answers.flatMap((isRight, n) => (isRight ? [] : [questionOf(n)[0]]));
  return { asked: answers.length, wrong };
}

/** A moment of it brings what code and buffers a flood needs at all, and what is known by then. */
async function askAmongFloods() {
  for (let n = 0; n < 32; n++) await isServed(1_000_000 + n);
  await sleep(WARM_MS);
  const [bytes, before] = [watched.residentBytes, await watched.scrape()];
  const { asked, wrong } = await askSteadily(SECONDS);
  return { bytes, before, after: await watched.scrape(), asked, wrong };
}

const timeout = 30_000 + 2_000 * SECONDS;
test('who asks among floods of garbage is answered, and nothing stays behind', { timeout }, async () => {
  const [filesBefore, linesBefore] = [watched.openFiles, server.lines.length];
  const { result, damage } = await underAttack(port, 1, askAmongFloods);
  const { bytes, before, after, asked, wrong } = result;
  expect(wrong.length, `of ${asked}: ${wrong}`).toBeLessThanOrEqual(asked / 100);
  const moved = (series: string): number => valueIn(after, series) - valueIn(before, series);
  expect(moved('cairn_udp_received_total')).toBeGreaterThan(1_000);
  expect(moved('cairn_responses_total{rcode="FORMERR"}')).toBeGreaterThan(100);
  expect(moved('cairn_tcp_accepted_total')).toBeGreaterThan(50);
  expect(damage.connections).toBeGreaterThan(50);

  while (watched.openFiles > filesBefore + FDS_MORE) await sleep(50);
  for (let n = 0; n < 16; n++) expect(await isServed(2_000_000 + n)).toBe(true);
  const last = await watched.scrape();
  expect([valueIn(last, 'cairn_bugs_total'), valueIn(last, 'cairn_fronts_died_total')]).toEqual([0, 0]);
  expect([server.child.exitCode, server.child.signalCode]).toEqual([null, null]);
  expect(server.lines.slice(linesBefore).filter(({ level }) => level !== 'info')).toEqual([]);
  expect((watched.residentBytes - bytes) / 2 ** 20).toBeLessThan(RSS_MIB_MORE);
});

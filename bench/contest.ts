/**
 * Troubles, played through one after the other by each resolver, over a wild internet of its own: how many
 * packets, and what came of it.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from 'dns-packet';
import type { Sitting } from './sitting.ts';
import { buildGood, type Ended, GOOD_NAMES, TROUBLES, type Trouble } from './troubles.ts';
import type { WildInternet } from './wild.ts';
import { withResolvers } from './wilderness.ts';

export interface TroubleRow {
  readonly server: string;
  /** In the order of `TROUBLES`. */
  readonly ends: readonly { readonly told: string; readonly isPassed: boolean }[];
}

/** What a client is ready to wait for, without asking again. */
const PATIENCE_MS = 16_000;
/** Nothing was asked for so long: nothing more comes. */
const QUIET_MS = 1_500;

export const measureTroubles = (sitting: Sitting): Promise<TroubleRow[] | undefined> =>
  withResolvers(sitting, 'troubles', async (server, port, internet) => {
    await buildGood(internet);
    return { server, ends: await endure(internet, port, TROUBLES) };
  });

/** Goes through all of them with the resolver at this address. */
export async function endure(
  internet: WildInternet,
  port: number,
  troubles: readonly Trouble[],
  quietMs = QUIET_MS,
): Promise<TroubleRow['ends']> {
  for (const name of GOOD_NAMES) await ask(port, name);
  const ends: TroubleRow['ends'][number][] = [];
  for (const { build, names, everyMs = 0, told, isPassed } of troubles) {
    await build(internet);
    const from = internet.heard.length;
    const ended: Ended[] = [];
    for (const name of names) {
      const asked = ask(port, name);
      ended.push(await asked);
      await sleep(everyMs);
    }
    await quiet(internet, quietMs);
    const course = { ends: ended, heard: internet.heard.slice(from) };
    ends.push({ told: told(course), isPassed: isPassed(course) });
  }
  return ends;
}

/** Until nothing more is asked, or it goes on for too long. */
async function quiet({ heard }: WildInternet, quietMs: number): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  for (let before = -1; before !== heard.length && performance.now() < endMs; ) {
    before = heard.length;
    await sleep(quietMs);
  }
}

async function ask(port: number, name: string): Promise<Ended> {
  const socket = createSocket('udp4');
  const beganMs = performance.now();
  try {
    return await new Promise((resolve) => {
      const end = (rcode: string, addresses: readonly string[]): void =>
        resolve({ rcode, addresses, ms: performance.now() - beganMs });
      const timer = setTimeout(() => end('nothing', []), PATIENCE_MS);
      socket.on('error', () => undefined);
      socket.once('message', (bytes) => {
        clearTimeout(timer);
        const { answers = [], ...said } = decode(bytes);
        const rcode = (said as { rcode?: string }).rcode ?? '';
        end(
          rcode,
          answers.flatMap((record) => (record.type === 'A' ? [record.data] : [])),
        );
      });
      socket.connect(port, '127.0.0.1', () => {
        socket.send(encode({ type: 'query', id: 1, flags: 0x100, questions: [{ name, type: 'A' }] }));
      });
    });
  } finally {
    socket.close();
  }
}

/**
 * Random subdomains of one zone whose servers are dead, five thousand a second, and what becomes of a client
 * that asks for new names elsewhere meanwhile. Resolvers in turn, each on the server's core.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encode } from 'dns-packet';
import type { Sitting } from './sitting.ts';
import { type Answered, askAll } from './weather.ts';
import { addressed, type Ns, type WildInternet } from './wild.ts';
import { inTurn } from './wilderness.ts';

export const SIEGE_PER_SECOND = 5_000;
const ADDRESS = '192.0.2.80';
const TICK_MS = 2;

export interface SiegeRow {
  readonly server: string;
  readonly quiet: Answered;
  readonly besieged: Answered;
}

export const measureSiege = (sitting: Sitting): Promise<SiegeRow[] | undefined> =>
  inTurn(sitting, 'siege', async (server, port, internet) => {
    const count = sitting.isQuick ? 250 : 1_500;
    await build(internet);
    const quiet = await askAll(port, 'quiet.com', count);
    const flood = await Flood.begin(port);
    try {
      return { server, quiet, besieged: await askAll(port, 'besieged.com', count) };
    } finally {
      flood.end();
    }
  });

/** Two zones that are well, and one whose servers are silent. */
async function build(internet: WildInternet): Promise<void> {
  for (const [group, zone] of [
    [50, 'quiet.com'],
    [51, 'besieged.com'],
    [52, 'dead.com'],
  ] as const) {
    const servers = [1, 2].map((i): Ns => [`ns${i}.${zone}`, internet.address(group, i)]);
    internet.delegate(zone, servers);
    for (const [name, address = ''] of servers) {
      await internet.put(address, (asked) => {
        if (zone === 'dead.com') return [];
        return addressed(asked, zone, asked.name === name ? address : ADDRESS);
      });
    }
  }
}

class Flood {
  readonly #socket: Socket;
  #count = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const beganMs = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - beganMs) / 1_000) * SIEGE_PER_SECOND;
      while (this.#count < due) this.#send();
    }, TICK_MS);
  }

  static async begin(port: number): Promise<Flood> {
    const socket = createSocket('udp4');
    socket.on('error', () => undefined);
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Flood(socket);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #send(): void {
    const id = this.#count++ & 0xffff;
    const questions = [{ name: `r${this.#count}.dead.com`, type: 'A' as const }];
    this.#socket.send(encode({ type: 'query', id, flags: 0x100, questions }));
  }
}

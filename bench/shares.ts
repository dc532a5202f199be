/**
 * A pool asked many times over UDP, from outside: how often each member is the answer, beside its weight. In:
 * a port, a name, weights by address. Out: how far the worst is from its share, in standard deviations.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMessage, writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';

/** 99.9 % of draws are no further away, with as many members as we ask for. */
export const SIGMAS_MAX = 3.29;
const WINDOW = 64;
/** Nothing has come for so long: what is missing is lost, and is asked for again. */
const QUIET_MS = 100;

export async function worstShare(
  port: number,
  name: string,
  weights: Readonly<Record<string, number>>,
  draws: number,
): Promise<number> {
  const counts = await tally(port, name, draws);
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const sigmas = Object.entries(weights).map(([address, weight]) => {
    const share = weight / total;
    return Math.abs((counts.get(address) ?? 0) - draws * share) / Math.sqrt(draws * share * (1 - share));
  });
  return Math.max(...sigmas);
}

async function tally(port: number, name: string, draws: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const socket = createSocket('udp4');
  const query = writeQuery({
    ...{ id: 1, spelled: nameFromText(name) as Uint8Array, type: 1, class: 1, recursionDesired: false },
  });
  let answered = 0;
  socket.on('message', (message) => {
    if (answered === draws) return;
    const address = readMessage(message)?.answer[0]?.rdata.join('.') ?? 'none';
    counts.set(address, (counts.get(address) ?? 0) + 1);
    answered += 1;
    socket.send(query);
  });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (let before = 0; answered < draws; ) {
    if (before === answered) for (let i = 0; i < WINDOW; i++) socket.send(query);
    before = answered;
    await sleep(QUIET_MS);
  }
  socket.close();
  return counts;
}

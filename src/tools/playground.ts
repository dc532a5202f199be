/**
 * `cairn playground`: a small internet out of this very program, on loopback addresses, and a server over it
 * that resolves its names and has pools of its own, so that anybody can watch both without a network. It
 * prints what to ask, serves until it is told to stop, and leaves nothing behind.
 */
import { parseArgs } from 'node:util';
import { startPlayground } from './playground-start.ts';
import { type Ports, tourText, UPSTREAM_PORT } from './playground-tour.ts';
import type { Console } from './query.ts';

const USAGE = `cairn playground [--port N] [--upstream-port N]

  --port           where the server listens, on 127.0.0.1 (5300)
  --upstream-port  where the small internet and the members of pools listen, on 127.53.0.1 and up (5301)
`;

export async function runPlayground(words: readonly string[], io: Console): Promise<number> {
  const ports = readPorts(words);
  if (typeof ports === 'string') {
    io.err(`cairn playground: ${ports}\n`);
    return 1;
  }
  if (ports === undefined) {
    io.out(USAGE);
    return 0;
  }
  const told = Promise.withResolvers<void>();
  for (const signal of STOPS) process.on(signal, told.resolve);
  try {
    return await play(ports, told.promise, io);
  } finally {
    for (const signal of STOPS) process.off(signal, told.resolve);
  }
}

/** They come twice where somebody is in a hurry, and would cut the clearing away short. */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function play(ports: Ports, told: Promise<void>, io: Console): Promise<number> {
  const complain = (text: string): void => io.err(`cairn playground: ${text}\n`);
  const playground = await startPlayground(ports, complain);
  if (Array.isArray(playground)) {
    for (const text of playground) complain(text);
    return 1;
  }
  io.out(tourText(playground));
  const hasEnded = await Promise.race([told.then(() => false), playground.ended.then(() => true)]);
  if (hasEnded) complain('its server has ended');
  await playground.close();
  return hasEnded ? 1 : 0;
}

/** The ports; a complaint; or nothing, when help is asked for. */
function readPorts(words: readonly string[]): Ports | string | undefined {
  const options = {
    port: { type: 'string', default: '5300' },
    'upstream-port': { type: 'string', default: String(UPSTREAM_PORT) },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...words], options });
    if (values.help) return undefined;
    const ports = { port: Number(values.port), upstreamPort: Number(values['upstream-port']) };
    const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;
    return Object.values(ports).every(isPort) ? ports : 'a port is a number from 0 to 65535';
  } catch (error) {
    return (error as Error).message;
  }
}

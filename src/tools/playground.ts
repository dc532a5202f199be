/**
 * `cairn playground`: a small internet out of this very program, on loopback addresses, and a resolver over
 * it, so that anybody can watch iterative resolution without a network. It prints what to ask, serves until
 * it is told to stop, and leaves nothing behind.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { refusalTexts } from '../control/refusals.ts';
import { startPlayground } from './playground-start.ts';
import { type Ports, tourText } from './playground-tour.ts';
import type { Console } from './query.ts';

const USAGE = `cairn playground [--port N] [--upstream-port N]

  --port           where the resolver listens, on 127.0.0.1 (5300)
  --upstream-port  where the servers of the small internet listen, on 127.53.0.1 and up (5301)
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
  const playground = await startPlayground({ ...ports, onBug: (bug) => io.err(`${String(bug)}\n`) });
  if (Array.isArray(playground)) {
    for (const text of refusalTexts(playground)) io.err(`cairn playground: ${text}\n`);
    if (playground.some(({ code }) => code === 'EADDRNOTAVAIL')) io.err(LOOPBACK_HINT);
    return 1;
  }
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  io.out(tourText(playground));
  await told;
  await playground.close();
  return 0;
}

/** Linux has all of 127.0.0.0/8; macOS and the BSDs have what was configured. */
const LOOPBACK_HINT =
  "cairn playground: give it to the loopback interface, as in 'ifconfig lo0 alias 127.53.0.1'\n";

/** The ports; a complaint; or nothing, when help is asked for. */
function readPorts(words: readonly string[]): Ports | string | undefined {
  const options = {
    port: { type: 'string', default: '5300' },
    'upstream-port': { type: 'string', default: '5301' },
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

/**
 * Raises the playground: loads the zones of its internet, opens the doors of every machine, and puts a
 * server over them that knows nothing but the addresses of the root, and its own pools. The machines are the
 * server's own rooms, in this process; only the faults are added.
 */
import { fileURLToPath } from 'node:url';
import { assert } from '../base/assert.ts';
import { Counters } from '../base/counters.ts';
import { PrefixSet } from '../base/prefix.ts';
import { realWorld } from '../base/world.ts';
import { Doors, type Refusal } from '../control/doors.ts';
import { refusalTexts } from '../control/refusals.ts';
import { Pipeline } from '../server/pipeline.ts';
import type { Answerer } from '../transport/door.ts';
import { Catalog } from '../zone/catalog.ts';
import { complaintText } from '../zone/complaint.ts';
import type { Image } from '../zone/image.ts';
import { loadZones } from '../zone/loader.ts';
import { machines } from './playground-internet.ts';
import { openMembers } from './playground-members.ts';
import { type PlaygroundServer, startServer } from './playground-server.ts';
import type { Ports } from './playground-tour.ts';

const FOLDER = fileURLToPath(new URL('./playground/', import.meta.url));

export interface Playground extends Ports, PlaygroundServer {}

/** Port 0 is one that the system chooses. Gives what is in the way, where it cannot be had. */
export async function startPlayground(
  { port, upstreamPort: wanted }: Ports,
  onError: (text: string) => void,
): Promise<Playground | string[]> {
  const internet = await startInternet(wanted, (bug) => onError(String(bug)));
  if (Array.isArray(internet)) {
    const isLoopbackSmall = internet.some(({ code }) => code === 'EADDRNOTAVAIL');
    return [...refusalTexts(internet), ...(isLoopbackSmall ? [LOOPBACK_HINT] : [])];
  }
  const { upstreamPort } = internet;
  const members = await openMembers(upstreamPort).catch((error: Error) => error);
  if (members instanceof Error) return internet.close().then(() => [members.message]);
  const server = await startServer(port, upstreamPort, onError).catch((error: Error) => [error.message]);
  const close = async (): Promise<void> => {
    if (!Array.isArray(server)) await server.close();
    await Promise.all([members.close(), internet.close()]);
  };
  if (Array.isArray(server)) return close().then(() => server);
  return { ...server, upstreamPort, close };
}

/** Linux has all of 127.0.0.0/8; macOS and the BSDs have what was configured. */
const LOOPBACK_HINT = "give it to the loopback interface, as in 'ifconfig lo0 alias 127.53.0.1'";

export interface Internet {
  /** Of all its machines. */
  readonly upstreamPort: number;
  close(): Promise<void>;
}

export async function startInternet(
  wanted: number,
  onBug: (error: unknown) => void,
): Promise<Internet | Refusal[]> {
  const zones = await loadAll();
  const opened: Doors[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((doors) => doors.close()));
  };
  let upstreamPort = wanted;
  for (const { address, zones: held, fault } of machines()) {
    const good = pipeline(new Catalog(held.map((name) => zones.get(name) as Image)), onBug);
    const door = await open(address, upstreamPort, fault?.(good) ?? good);
    if (Array.isArray(door)) return close().then(() => door);
    opened.push(door.doors);
    upstreamPort = door.port; // Whatever the first was given, all have.
  }
  return { upstreamPort, close };
}

/** By name, as `machines` spells them. */
async function loadAll(): Promise<ReadonlyMap<string, Image>> {
  const names = [...new Set(machines().flatMap(({ zones }) => zones))];
  const files = names.map((apex) => ({
    apex,
    file: `${FOLDER}${apex === '.' ? 'root' : apex}.zone`,
    root: FOLDER,
  }));
  const { zones, complaints } = await loadZones(files);
  const images = zones.map(({ image }) => image);
  // They come with the program: what is wrong with them is our mistake, and nobody else's.
  assert(images.length === names.length, complaints.map(complaintText).join('\n'));
  const nameOf = (image: Image): string => image.apexText.replace(/(?<=.)\.$/, '');
  return new Map(images.map((image) => [nameOf(image), image]));
}

function pipeline(catalog: Catalog, onBug: (error: unknown) => void): Pipeline {
  const nobody = PrefixSet.parse([]);
  assert(nobody instanceof PrefixSet, 'no prefix is a set of prefixes');
  return new Pipeline({
    catalog,
    recursion: undefined,
    mayRecurse: nobody,
    chaos: { version: undefined, hostname: undefined, id: undefined },
    world: realWorld,
    counters: new Counters(),
    onBug,
  });
}

async function open(
  address: string,
  port: number,
  answerer: Answerer,
): Promise<{ readonly doors: Doors; readonly port: number } | Refusal[]> {
  const doors = new Doors([{ address, port }], {
    answerer,
    world: realWorld,
    counters: new Counters(),
    tcp: {},
  });
  const { came, refused } = await doors.adjust();
  if (refused.length > 0) return refused;
  return { doors, port: Number(came[0]?.split(':').at(-1)) };
}

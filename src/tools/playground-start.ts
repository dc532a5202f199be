/**
 * Raises the playground: loads its zones, opens the doors of every machine, and puts a resolver over them
 * that knows nothing but the addresses of the root. All of it is the server's own rooms; only the faults are
 * added.
 */
import { fileURLToPath } from 'node:url';
import { assert } from '../base/assert.ts';
import { Counters } from '../base/counters.ts';
import { CACHE_BYTES_DEFAULT, CLIENT_MS_MAX } from '../base/limits.ts';
import { PrefixSet } from '../base/prefix.ts';
import { realWorld } from '../base/world.ts';
import { Doors, type Refusal } from '../control/doors.ts';
import { FRESHNESS_DEFAULT } from '../resolver/freshness.ts';
import { LOCAL_NAMES_DEFAULT } from '../resolver/local-names.ts';
import { noOwnZones } from '../resolver/own-zones.ts';
import { Recursor } from '../resolver/recursor.ts';
import { Pipeline } from '../server/pipeline.ts';
import type { Answerer } from '../transport/door.ts';
import { socketUpstream } from '../transport/upstream.ts';
import { type Name, nameFromText } from '../wire/name.ts';
import { Catalog } from '../zone/catalog.ts';
import { complaintText } from '../zone/complaint.ts';
import type { Image } from '../zone/image.ts';
import { loadZones } from '../zone/loader.ts';
import { machines, ROOT_SERVERS } from './playground-internet.ts';
import type { Ports } from './playground-tour.ts';

const FOLDER = fileURLToPath(new URL('./playground/', import.meta.url));
const RESOLVER = '127.0.0.1';

export interface PlaygroundSettings extends Ports {
  readonly onBug?: (error: unknown) => void;
}

export interface Playground extends Ports {
  close(): Promise<void>;
}

/** Port 0 is one that the system chooses. Gives what was refused, where a door cannot be opened. */
export async function startPlayground(settings: PlaygroundSettings): Promise<Playground | Refusal[]> {
  const zones = await loadAll();
  const onBug = settings.onBug ?? (() => {});
  const opened: Doors[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((doors) => doors.close()));
  };
  let { upstreamPort } = settings;
  for (const { address, zones: held, fault } of machines()) {
    const catalog = new Catalog(held.map((name) => zones.get(name) as Image));
    const good = pipeline(catalog, undefined, onBug);
    const door = await open(address, upstreamPort, fault?.(good) ?? good);
    if (Array.isArray(door)) return close().then(() => door);
    opened.push(door.doors);
    upstreamPort = door.port; // Whatever the first was given, all have.
  }
  const upstream = socketUpstream();
  const door = await open(RESOLVER, settings.port, resolver(upstreamPort, upstream, onBug));
  if (Array.isArray(door)) return close().then(() => door);
  opened.push(door.doors);
  return {
    port: door.port,
    upstreamPort,
    async close() {
      await close();
      upstream.close();
    },
  };
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

function pipeline(
  catalog: Catalog,
  recursor: Recursor | undefined,
  onBug: (error: unknown) => void,
): Pipeline {
  return new Pipeline({
    catalog,
    recursion: recursor && { recursor, shared: undefined },
    mayRecurse: prefixes(recursor === undefined ? [] : ['127.0.0.0/8']),
    chaos: { version: undefined, hostname: undefined, id: undefined },
    world: realWorld,
    counters: new Counters(),
    onBug,
  });
}

function prefixes(texts: readonly string[]): PrefixSet {
  const set = PrefixSet.parse(texts);
  assert(set instanceof PrefixSet, 'the playground spells its prefixes well');
  return set;
}

function resolver(
  upstreamPort: number,
  upstream: ReturnType<typeof socketUpstream>,
  onBug: (error: unknown) => void,
): Answerer {
  const recursor = new Recursor(
    {
      rootHints: ROOT_SERVERS.map(({ name, address }) => ({
        name: nameFromText(name) as Name,
        addresses: [address],
      })),
      neverQuery: { has: () => false },
      upstreamPort,
      cacheBytes: CACHE_BYTES_DEFAULT,
      localNames: LOCAL_NAMES_DEFAULT,
      hosts: undefined,
      clientMs: CLIENT_MS_MAX,
      useCaseRandomisation: true,
      minimise: 'relaxed',
      freshness: FRESHNESS_DEFAULT,
      onBug,
    },
    realWorld,
    upstream,
    noOwnZones,
  );
  return pipeline(new Catalog([]), recursor, onBug);
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

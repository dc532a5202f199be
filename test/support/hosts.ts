/**
 * Zones with hosts in their pools, over an internet of one server that has everything, in virtual time: the
 * keeper, the resolver it asks, and a pipeline that answers from what it keeps.
 */
import { Counters } from '../../src/base/counters.ts';
import { Flattened } from '../../src/pool/flattened.ts';
import { HostSlots } from '../../src/pool/host-slots.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import { HostKeeper, type ToldHost } from '../../src/server/host-keeper.ts';
import { ownZones } from '../../src/server/own-zones.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { typeText } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';
import type { Catalog } from '../../src/zone/catalog.ts';
import { recordFrom } from '../scenarios/record-text.ts';
import { ScriptedInternet } from '../scenarios/scripted-internet.ts';
import { ScriptedZone } from '../scenarios/scripted-zone.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import {
  type AskOptions,
  ask,
  catalog,
  lines,
  name,
  pipeline,
  SOA_AND_NS,
  sortedLines,
} from './authority.ts';

const SERVER = '192.0.2.53';
const ALWAYS = [
  '. 3600 SOA a.root a.root 1 3600 600 86400 60',
  '. 3600 NS a.root',
  `a.root 3600 A ${SERVER}`,
];

export class Hosts {
  readonly world = new VirtualWorld();
  readonly counters = new Counters();
  readonly internet = new ScriptedInternet(this.world);
  /** Told by the keeper. */
  readonly said: string[] = [];
  readonly slots = new HostSlots();
  readonly #recursor: Recursor;
  readonly #pipeline: Pipeline;
  #catalog: Catalog;
  #keeper: HostKeeper | undefined;

  /** `zones` are records of ours by apex. */
  constructor(records: readonly string[], zones: Readonly<Record<string, string>>) {
    this.tell(records);
    this.#catalog = this.#read(zones);
    const hosts = new Flattened(this.slots.memory as SharedArrayBuffer);
    const steering = { world: this.world, counters: this.counters, hosts };
    this.#pipeline = pipeline(this.#catalog, steering);
    const settings = {
      ...{ rootHints: [{ name: name('a.root.'), addresses: [SERVER] }], neverQuery: new Set<string>() },
      ...{ upstreamPort: 53, cacheBytes: 1_000_000, localNames: [], hosts: undefined, clientMs: 5_000 },
      ...{ useCaseRandomisation: true, minimise: 'off' as const, freshness: FRESHNESS_DEFAULT },
      onBug: (bug: unknown) => {
        throw bug;
      },
    };
    const own = ownZones(() => this.#catalog, steering);
    this.#recursor = new Recursor(settings, this.world, this.internet, own, this.counters);
    this.begin();
  }

  /** From now on the internet says this. */
  tell(records: readonly string[]): void {
    this.internet.server(SERVER).zones.splice(0);
    this.internet.server(SERVER).zones.push(new ScriptedZone('', [...ALWAYS, ...records].map(recordFrom)));
  }

  /** Nobody answers any more; or again. */
  set isSilent(isSilent: boolean) {
    const { faults } = this.internet.server(SERVER);
    faults.splice(0);
    if (isSilent) faults.push({ kind: 'silent', words: [] });
  }

  /** A keeper that knows nothing, as after its thread died. */
  begin(): void {
    this.#keeper = new HostKeeper(this.slots.memory as SharedArrayBuffer, this.#catalog, {
      ...{ world: this.world, counters: this.counters, recursor: () => this.#recursor },
      tell: ({ name: host, type }, why) => {
        this.said.push(`${nameText(host)} ${typeText(type)}: ${why ?? 'known'}`);
      },
    });
  }

  /** What is said to be wrong with it. */
  troubles(host: string): readonly ToldHost[] {
    return this.#keeper?.troubles([host]) ?? [];
  }

  /** Reads the zones anew. */
  serve(zones: Readonly<Record<string, string>>): void {
    this.#catalog = this.#read(zones);
    this.#pipeline.publish(this.#catalog);
    this.#keeper?.follow(this.#catalog);
  }

  /** The resolver thread hears of zones that come, and clients are told of those before. */
  foretell(zones: Readonly<Record<string, string>>): void {
    this.#catalog = this.#read(zones);
    this.#keeper?.follow(this.#catalog, true);
  }

  /** What a client is told now, less the SOA of a denial. */
  told(question: string, options?: AskOptions): string[] {
    return sortedLines(ask(this.#pipeline, question, options)).map((line) => line.replace(/ SOA .*/, ' SOA'));
  }

  /** The first record of an answer. */
  first(question: string): string | undefined {
    return lines(ask(this.#pipeline, question))[1];
  }

  /** Questions that went out for that name. */
  asked(host: string, type: string): number {
    return this.internet.log.filter((each) => each.name.toLowerCase() === host && each.type === type).length;
  }

  #read(zones: Readonly<Record<string, string>>): Catalog {
    const texts = Object.entries(zones).map(([apex, text]) => [apex, `$TTL 300\n${SOA_AND_NS}${text}\n`]);
    return catalog(Object.fromEntries(texts), this.slots);
  }
}

/**
 * What the guards of all threads are told, made from the settings. The table of rates and the secrets drawn
 * at start outlive a reload, and any other thread: nobody's debt is forgotten, nobody's cookie becomes
 * invalid. Tells the log who is being limited.
 */
import type { World } from '../base/world.ts';
import { CookieSecrets } from '../server/cookie-secrets.ts';
import type { GuardSettings } from '../server/guard.ts';
import { RateLimit } from '../server/rate-limit.ts';
import { concreteAddresses, type Listen, localAddresses } from '../transport/addresses.ts';
import { EVERYWHERE } from './doors.ts';
import { type GuardTerms, guardSettings } from './guard-terms.ts';
import { type LimitNote, LimitNotes } from './limit-notes.ts';
import type { Logger } from './log.ts';
import type { Settings } from './settings.ts';

export class GuardPost {
  readonly #world: World;
  readonly #drawn: CookieSecrets;
  readonly #notes: LimitNotes;
  #table: SharedArrayBuffer | undefined;

  constructor(world: World, logger: Logger) {
    this.#world = world;
    this.#drawn = CookieSecrets.drawn(world);
    this.#notes = new LimitNotes(world, (note) => logger.warn(note, 'limiting responses'));
  }

  /** `listen` and `idleMs` are those that the doors were opened with. */
  terms(settings: Settings, listen: readonly Listen[], idleMs: number): GuardTerms {
    const { allowQuery, rateLimit, cookies, identity, pools, udpSize } = settings;
    const { enabled: isLimited, exempt, ...rates } = rateLimit;
    return {
      allowQuery,
      own: ownDoors(listen),
      limit: isLimited ? { rates, table: this.#tableOf(rates) } : undefined,
      exempt,
      secrets: cookies.enabled ? this.#secretsOf(cookies).memory : undefined,
      requireOverLimit: cookies.requireOverLimit,
      nsid: identity.nsid || '',
      subnetsFrom: pools.subnetsFrom,
      idleMs,
      udpBytes: udpSize,
    };
  }

  /** For this thread. */
  settings(terms: GuardTerms): GuardSettings {
    return guardSettings(terms, this.#world, this.#notes.add);
  }

  /** What another thread tells of those it limits. */
  hear(note: LimitNote): void {
    this.#notes.hear(note);
  }

  #tableOf(rates: RateLimit['settings']): SharedArrayBuffer {
    this.#table ??= new RateLimit(rates, this.#world).memory;
    return this.#table;
  }

  #secretsOf({ secrets }: Settings['cookies']): CookieSecrets {
    const [first, second] = (secrets ?? []).map((hex) => Buffer.from(hex, 'hex'));
    return first === undefined ? this.#drawn : CookieSecrets.given(first, second);
  }
}

/** Where we listen, by port; a port that the system chose is none that anybody could mean. */
function ownDoors(listen: readonly Listen[]): GuardTerms['own'] {
  const local = localAddresses();
  const texts = new Map<number, string[]>();
  for (const { address, port } of listen.length > 0 ? listen : [EVERYWHERE]) {
    texts.set(port, [...(texts.get(port) ?? []), ...concreteAddresses(address, local)]);
  }
  return [...texts].map(([port, addresses]) => ({ port, addresses }));
}

/**
 * What the guard is told, made from the settings. The table of rates and the secrets drawn at start outlive
 * a reload: nobody's debt is forgotten, nobody's cookie becomes invalid. Tells the log who is being limited.
 */
import { ipText } from '../base/ip.ts';
import { RATE_LIMIT_QUIET_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { CookieSecrets } from '../server/cookie-secrets.ts';
import { Cookies } from '../server/cookies.ts';
import type { GuardSettings } from '../server/guard.ts';
import type { OwnDoor } from '../server/loops.ts';
import { type AnswerKind, PREFIX_BITS_V4, PREFIX_BITS_V6, RateLimit } from '../server/rate-limit.ts';
import { concreteAddresses, type Listen, localAddresses } from '../transport/addresses.ts';
import { EVERYWHERE } from './doors.ts';
import type { Logger } from './log.ts';
import { prefixSet, type Settings } from './settings.ts';

export class GuardPost {
  readonly #world: World;
  readonly #logger: Logger;
  readonly #drawn: CookieSecrets;
  #limit: RateLimit | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(world: World, logger: Logger) {
    this.#world = world;
    this.#logger = logger;
    this.#drawn = CookieSecrets.drawn(world);
  }

  /** `listen` and `idleMs` are those that the doors were opened with. */
  settings(settings: Settings, listen: readonly Listen[], idleMs: number): GuardSettings {
    const { allowQuery, rateLimit, cookies, identity, udpSize } = settings;
    return {
      allowQuery: allowQuery && prefixSet(allowQuery),
      own: ownDoors(listen),
      limit: rateLimit.enabled ? this.#limitOf(rateLimit) : undefined,
      exempt: prefixSet(rateLimit.exempt),
      cookies: cookies.enabled ? new Cookies(this.#world, this.#secretsOf(cookies)) : undefined,
      requireOverLimit: cookies.requireOverLimit,
      nsid: Buffer.from(identity.nsid || ''),
      idleMs,
      udpBytes: udpSize,
      onLimited: this.#onLimited,
    };
  }

  #limitOf(settings: Settings['rateLimit']): RateLimit {
    this.#limit ??= new RateLimit(settings, this.#world);
    this.#limit.settings = settings;
    return this.#limit;
  }

  #secretsOf({ secrets }: Settings['cookies']): CookieSecrets {
    const [first, second] = (secrets ?? []).map((hex) => Buffer.from(hex, 'hex'));
    return first === undefined ? this.#drawn : CookieSecrets.given(first, second);
  }

  readonly #onLimited = (kind: AnswerKind, address: Uint8Array, length: number): void => {
    this.#untold += 1;
    const nowMs = this.#world.nowMs();
    if (nowMs - this.#toldMs < RATE_LIMIT_QUIET_MS) return;
    const held = this.#untold;
    this.#toldMs = nowMs;
    this.#untold = 0;
    this.#logger.warn({ prefix: prefixText(address, length), kind, held }, 'limiting responses');
  };
}

/** `192.0.2.0/24`, `2001:db8::/56` */
function prefixText(address: Uint8Array, length: number): string {
  const bits = length === 4 ? PREFIX_BITS_V4 : PREFIX_BITS_V6;
  return `${ipText(address.slice(0, length).fill(0, bits / 8))}/${bits}`;
}

/** Where we listen, by port; a port that the system chose is none that anybody could mean. */
function ownDoors(listen: readonly Listen[]): OwnDoor[] {
  const local = localAddresses();
  const texts = new Map<number, string[]>();
  for (const { address, port } of listen.length > 0 ? listen : [EVERYWHERE]) {
    texts.set(port, [...(texts.get(port) ?? []), ...concreteAddresses(address, local)]);
  }
  return [...texts].map(([port, addresses]) => ({ port, addresses: prefixSet(addresses) }));
}

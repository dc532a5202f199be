/**
 * The copy of the root zone, asked in place of the root's servers (RFC 8806). In: a question for which nobody
 * further down is known. Out: what those servers would say, with TTLs within our bounds, or whom they would
 * refer us to; nothing where there is no copy, or none that may still be used.
 */
import type { World } from '../base/world.ts';
import type { Delegation } from './delegation.ts';
import { bound, type Freshness } from './freshness.ts';
import { type AnswerRrset, ended, type Finding } from './outcome.ts';
import type { OwnZones } from './own-zones.ts';
import type { Asked } from './wish.ts';

export class RootCopy {
  readonly #zone: OwnZones;
  readonly #freshness: Freshness;
  readonly #world: World;

  constructor(zone: OwnZones, freshness: Freshness, world: World) {
    this.#zone = zone;
    this.#freshness = freshness;
    this.#world = world;
  }

  answer({ name, type }: Asked): Finding | undefined {
    const told = this.#zone.ask(name, type);
    if (told.kind !== 'answer') return undefined;
    const { maxTtl, maxNegativeTtl } = this.#freshness;
    const outcome = told.outcomeFor();
    const { answer, authority } = outcome;
    return ended({
      ...outcome,
      answer: answer.map((rrset) => shortened(rrset, maxTtl)),
      authority: authority.map((rrset) => shortened(rrset, maxNegativeTtl)),
    });
  }

  referral({ name, type }: Asked): Delegation | undefined {
    const told = this.#zone.ask(name, type);
    if (told.kind !== 'delegation') return undefined;
    const expiresMs = this.#world.nowMs() + 1000 * this.#freshness.maxTtl;
    return { cut: told.cut, servers: told.servers, expiresMs, isRootCopys: true };
  }
}

function shortened({ owner, block, ttl }: AnswerRrset, maxTtl: number): AnswerRrset {
  const copy = block.slice();
  return { owner, block: copy, ttl: bound(copy, ttl, 0, maxTtl) };
}

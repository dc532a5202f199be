/**
 * Chooses from a pool: who could answer what is asked, then the stages health, place, tier, weight and order,
 * each a function over the list of members that the one before left (docs/POOLS.md). In: a choice that knows
 * its pool, and who asks. Synchronous; it cannot fail, waits for nothing and allocates nothing.
 */
import type { World } from '../base/world.ts';
import { listAble, Projection } from './able.ts';
import { keepAlive } from './alive.ts';
import type { Asker } from './asker.ts';
import type { Choice } from './choice.ts';
import { keepClosest } from './closest.ts';
import { draw, drawSticky } from './draw.ts';
import type { Flattened } from './flattened.ts';
import { Lots } from './lots.ts';
import { PoolFlag, PoolWord } from './plan.ts';
import { keepLowestTier } from './tier.ts';
import type { Whereabouts } from './whereabouts.ts';

const { ANSWERS, DRAWS, FLAGS } = PoolWord;
const { STICKY } = PoolFlag;
const { SRV, SERVICE, ALIAS } = Projection;

export type Stage = 'able' | 'health' | 'place' | 'tier' | 'weight';

/** Looks on where a choice is to be explained: what each stage has left. */
export type Witness = (stage: Stage, choice: Choice, projection: number) => void;

export class Chooser {
  readonly #world: World;
  readonly #lots: Lots;
  readonly #witness: Witness | undefined;

  constructor(world: World, witness?: Witness) {
    this.#world = world;
    this.#lots = new Lots(world);
    this.#witness = witness;
  }

  /** Without a table nobody knows where anybody is; without `hosts`, the addresses of hosts. */
  choose(
    choice: Choice,
    projection: number,
    asker: Asker,
    table: Whereabouts | undefined,
    hosts?: Flattened | undefined,
  ): void {
    choice.begin();
    listAble(choice, projection, hosts, this.#world);
    this.#witness?.('able', choice, projection);
    // Nobody is, wherever and whoever asks: that holds for all.
    if (choice.count === 0) return;
    keepAlive(choice, projection, hosts, this.#world);
    this.#witness?.('health', choice, projection);
    keepClosest(choice, asker, table);
    this.#witness?.('place', choice, projection);
    const asked = choice.option(ANSWERS);
    // Tier and weight are what such a client goes by itself (RFC 2782, RFC 9460 §2.4.1).
    if (projection === SRV || projection === SERVICE) {
      if (asked > 0) this.#draw(choice, asked, asker, projection);
      return;
    }
    keepLowestTier(choice);
    this.#witness?.('tier', choice, projection);
    const isOne = projection === ALIAS;
    const answers = isOne ? 1 : asked || (choice.plan[choice.pool + DRAWS] as number);
    this.#draw(choice, answers, asker, projection);
  }

  #draw(choice: Choice, answers: number, asker: Asker, projection: number): void {
    if ((choice.option(FLAGS) & STICKY) !== 0) drawSticky(choice, answers, asker);
    else draw(choice, answers, this.#lots);
    this.#witness?.('weight', choice, projection);
  }
}

/**
 * A pool to choose from, as text, in a world of a seed: health is what a test says, clients are addresses.
 */
import { ipText, parseIp } from '../../src/base/ip.ts';
import { Projection } from '../../src/pool/able.ts';
import { Asker } from '../../src/pool/asker.ts';
import { Choice } from '../../src/pool/choice.ts';
import { Chooser } from '../../src/pool/choose.ts';
import { MemberWord, membersOf, poolsIn } from '../../src/pool/plan.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import type { Whereabouts } from '../../src/pool/whereabouts.ts';
import { nameText } from '../../src/wire/name.ts';
import { PoolKind, poolAttributesAt, poolKind, poolSubjectAt } from '../../src/wire/pool.ts';
import type { Image } from '../../src/zone/image.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { image, SOA_AND_NS } from '../support/authority.ts';

export class Stage {
  readonly world: VirtualWorld;
  readonly choice = new Choice();
  readonly #image: Image;
  readonly #plan: Int32Array;
  readonly #pool: number;
  readonly #asker = new Asker();
  readonly #chooser: Chooser;
  table: Whereabouts | undefined;

  /** Records of the pool `www`, each what stands behind its type. */
  constructor(members: readonly string[], seed = 1) {
    const records = members.map((member) => `www 60 POOL ${member}\n`).join('');
    this.#image = planned(image('z.test.', `${SOA_AND_NS}${records}`), undefined);
    this.#plan = this.#image.pools as Int32Array;
    [this.#pool = 0] = poolsIn(this.#plan);
    this.world = new VirtualWorld(seed);
    this.#chooser = new Chooser(this.world);
    this.choice.set(this.#plan, this.#pool, this.#plan, this.#pool);
  }

  /** What the prober would write of a member. */
  note(member: string, status: number, until: number): void {
    for (const at of membersOf(this.#plan, this.#pool)) {
      if (this.#text(at) !== member) continue;
      this.#plan[at + MemberWord.STATUS] = status;
      this.#plan[at + MemberWord.UNTIL] = until;
    }
  }

  /** The addresses and hosts chosen, in order; or how it ended without. */
  choose(projection: number = Projection.IPV4, client = '198.51.100.1', bits?: number): string[] {
    const address = parseIp(client) as Uint8Array;
    this.#asker.set(address, bits ?? 8 * address.length);
    this.#chooser.choose(this.choice, projection, this.#asker, this.table);
    const { count, members, verdict } = this.choice;
    return verdict === 'members' ? [...members.subarray(0, count)].map((at) => this.#text(at)) : [verdict];
  }

  #text(member: number): string {
    const { bytes } = this.#image;
    const rdata = this.#plan[member + MemberWord.RDATA] as number;
    const at = poolSubjectAt(rdata);
    if (poolKind(bytes, rdata) === PoolKind.HOST) return nameText(bytes, at);
    return ipText(bytes.subarray(at, poolAttributesAt(bytes, rdata)));
  }
}

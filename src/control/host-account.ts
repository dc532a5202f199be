/**
 * What is known of the hosts that are members, for `cairn explain`: their addresses, which of them are told,
 * for how long, or why there are none. In: the plan of a choice, and what members become. Out: text.
 */
import { IPV4_BYTES, IPV6_BYTES, ipText } from '../base/ip.ts';
import type { World } from '../base/world.ts';
import { addressKind } from '../pool/able.ts';
import type { Choice } from '../pool/choice.ts';
import { type Flattened, HostState } from '../pool/flattened.ts';
import { isHostDown, lookAtHost, readHost } from '../pool/host-member.ts';
import { MemberWord } from '../pool/plan.ts';
import { PoolKind } from '../wire/pool.ts';

export class HostAccount {
  readonly #hosts: Flattened | undefined;
  readonly #world: Pick<World, 'nowMs'>;

  /** Without `hosts` nobody looks for addresses of any. */
  constructor(hosts: Flattened | undefined, world: Pick<World, 'nowMs'>) {
    this.#hosts = hosts;
    this.#world = world;
  }

  /** Why it has no address of the kind that is asked for; undefined where it has, or is none. */
  lack({ plan }: Pick<Choice, 'plan'>, projection: number, member: number): string | undefined {
    const kind = addressKind(projection);
    if (kind === undefined || plan[member + MemberWord.KIND] !== PoolKind.HOST) return undefined;
    if (this.#hosts === undefined) return 'has addresses that are not known without a server';
    lookAtHost(this.#hosts, plan, member, kind);
    if (this.#hosts.state === HostState.PENDING) return 'has no addresses yet';
    return this.#hosts.state === HostState.FAILED ? 'has addresses that are not known' : undefined;
  }

  /** Whether it is out although it is up: for its addresses of another kind. */
  isDown({ plan }: Choice, projection: number, member: number): boolean {
    const kind = addressKind(projection);
    return kind !== undefined && this.#hosts !== undefined && isHostDown(this.#hosts, plan, member, kind);
  }

  /** How long the answer holds: no longer than the addresses in it, which are looked at last. */
  ttl(choice: Choice, projection: number): number {
    return Math.min(choice.ttl, ...this.#told(choice, projection).map(({ ttl }) => ttl));
  }

  /** Of the hosts in the list, their addresses and how long these hold. */
  notes(choice: Choice, projection: number, nameOf: (member: number) => string): string[] {
    return this.#told(choice, projection).map(({ member, state, ttl, all, told }) => {
      const how =
        state === HostState.STALE ? 'as they were: nobody says what they are now' : `for ${ttl} s more`;
      const out = all.filter((text) => !told.includes(text));
      const left = out.length === 0 ? '' : `; left out: ${out.join(', ')}`;
      return `${nameOf(member)} has ${all.join(', ')}, ${how}${left}`;
    });
  }

  #told({ plan, members, count }: Choice, projection: number) {
    const kind = addressKind(projection);
    const hosts = this.#hosts;
    if (kind === undefined || hosts === undefined) return [];
    const those = [...members.subarray(0, count)].filter(
      (member) => plan[member + MemberWord.KIND] === PoolKind.HOST,
    );
    return those.map((member) => {
      readHost(hosts, plan, member, kind);
      const told = textsIn(hosts, kind);
      const ttl = hosts.ttl(this.#world.nowMs());
      hosts.read(
        plan[member + MemberWord.HOST] as number,
        plan[member + MemberWord.HOST_HASH] as number,
        kind,
      );
      const { state } = hosts;
      return { member, state, ttl, told, all: textsIn(hosts, kind) };
    });
  }
}

function textsIn({ count, addresses }: Flattened, kind: number): string[] {
  const bytes = kind === PoolKind.IPV4 ? IPV4_BYTES : IPV6_BYTES;
  return Array.from({ length: count }, (_, i) => ipText(addresses.subarray(i * bytes, (i + 1) * bytes)));
}

/**
 * Reads plans: which pools have to do with health, what is wanted to be probed for their members, and what is
 * known of these already. In: images with plans, checks, holds, addresses of hosts. Out: plain values.
 */
import { u8 } from '../base/bytes.ts';
import type { Flattened } from '../pool/flattened.ts';
import { MemberWord, membersOf, type PlanWords, PoolWord, poolsIn, Status } from '../pool/plan.ts';
import { nameText } from '../wire/name.ts';
import { attributeLength, PoolKind } from '../wire/pool.ts';
import { memberText } from '../wire/pool-record.ts';
import type { Image } from '../zone/image.ts';
import { type Check, probedPort } from './check.ts';
import type { Endpoint } from './conversation.ts';
import { familiesOf, type HostAddress, type HostFamily, type HostPlace } from './host-view.ts';
import type { Hold, PoolTerms } from './pool-state.ts';
import type { Refuses } from './reach.ts';
import { type Asked, targetKey, type Wanted } from './targets.ts';

/** An operator's word on the members of a pool that have this address or are this host. */
export interface HeldMember {
  /** The owner of the pool and the member, as text in lower case. */
  readonly pool: string;
  readonly member: string;
  readonly hold: Hold;
}

export interface ReadingTerms {
  readonly checks: readonly Check[];
  readonly holds: readonly HeldMember[];
  readonly refuses: Refuses;
  /** Addresses of the hosts that are members; undefined while there are none. */
  readonly hosts: Flattened | undefined;
}

/** An address that a host has, and that may not be probed. */
export interface Unprobed {
  readonly host: string;
  readonly address: string;
  readonly check: string;
  readonly why: string;
}

/** A host, as it is read: its addresses with the keys of their targets. */
export interface ReadHost {
  readonly place: HostPlace;
  readonly families: readonly HostFamily<HostAddress & { readonly keys: readonly string[] }>[];
}

/** A member, as it is read. */
export interface ReadSeat {
  /** Of the member, in the plan. */
  readonly at: number;
  readonly subject: string;
  readonly port: number;
  readonly targets: readonly string[];
  /** With checks, and addresses that have the targets. */
  readonly host: ReadHost | undefined;
  readonly hold: Hold | undefined;
  /** It has checks, or is held, or was. */
  readonly isWatched: boolean;
}

export interface Pool<Each> {
  readonly plan: PlanWords;
  readonly pool: string;
  readonly terms: PoolTerms;
  readonly seats: readonly Each[];
}

/** What a member was, as its word has it; undefined where it says nothing, or what an operator said. */
function wasUp(status: number): boolean | undefined {
  if ((status & Status.CHECKED) === 0 || (status & (Status.PENDING | Status.HELD)) !== 0) return undefined;
  return (status & Status.SHARE) > 0 && (status & Status.EJECT_SPARED) === 0;
}

/** What is to be known of a member to want something for it. */
interface Member {
  readonly subject: string;
  readonly port: number | undefined;
  readonly checks: readonly string[];
  readonly wasUp: boolean | undefined;
}

export class Reading {
  readonly pools: Pool<ReadSeat>[] = [];
  readonly wanted = new Map<string, Wanted>();
  /** Checks of members for which there is no room. */
  left = 0;
  readonly unprobed: Unprobed[] = [];
  readonly #hosts: Flattened | undefined;
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #holds: ReadonlyMap<string, Hold>;
  readonly #refuses: Refuses;
  readonly #targetsMax: number;

  constructor({ checks, holds, refuses, hosts }: ReadingTerms, targetsMax: number) {
    this.#hosts = hosts;
    this.#checks = new Map(checks.map((check) => [check.name, check]));
    this.#holds = new Map(holds.map(({ pool, member, hold }) => [`${pool} ${member}`, hold]));
    this.#refuses = refuses;
    this.#targetsMax = targetsMax;
  }

  read(image: Image, plan: PlanWords): void {
    for (const pool of poolsIn(plan)) {
      const owner = nameText(image.bytes, image.nameAt(plan[pool + PoolWord.NODE] as number));
      const seats = [...membersOf(plan, pool)].map((at) => this.#seat(image, plan, owner, at));
      const terms = {
        warmUpMs: 1_000 * (plan[pool + PoolWord.WARM_UP] as number),
        ejectAtMost: plan[pool + PoolWord.EJECT_AT_MOST] as number,
      };
      if (seats.some(({ isWatched }) => isWatched)) this.pools.push({ plan, pool: owner, terms, seats });
    }
  }

  #seat({ bytes }: Image, plan: PlanWords, owner: string, at: number): ReadSeat {
    const subject = memberText(bytes, plan[at + MemberWord.RDATA] as number);
    const port = plan[at + MemberWord.PORT] as number;
    const status = Atomics.load(plan, at + MemberWord.STATUS);
    const checks = checkNames(bytes, plan[at + MemberWord.CHECKS] as number);
    const member = { subject, port: port === 0 ? undefined : port, checks, wasUp: wasUp(status) };
    const isHost = plan[at + MemberWord.KIND] === PoolKind.HOST;
    const host = isHost && checks.length > 0 ? this.#host(member, plan, at) : undefined;
    const targets = isHost ? [] : this.#wantAt(subject, member);
    const hold = this.#holds.get(`${owner} ${subject}`);
    const isWatched = checks.length > 0 || hold !== undefined || (status & Status.HELD) !== 0;
    return { at, subject, port, targets, host, hold, isWatched };
  }

  #host(member: Member, plan: PlanWords, at: number): ReadHost | undefined {
    if (this.#hosts === undefined) return undefined;
    const place = {
      slot: plan[at + MemberWord.HOST] as number,
      hash: plan[at + MemberWord.HOST_HASH] as number,
      view: plan[at + MemberWord.VIEW] as number,
    };
    if (place.view < 0) {
      this.left++;
      return undefined;
    }
    const families = familiesOf(this.#hosts, place).map((family) => ({
      ...family,
      addresses: family.addresses.map((each) => ({ ...each, keys: this.#wantOf(each, member) })),
    }));
    return { place, families };
  }

  /** Of a host that was up, who was told was so too; of others it is found out. */
  #wantOf({ text, wasToldAs }: HostAddress, member: Member): string[] {
    const isLike = wasToldAs === (member.wasUp ? 'up' : 'down');
    const { subject: host } = member;
    return this.#wantAt(text, { ...member, wasUp: isLike ? member.wasUp : undefined }, host);
  }

  /** The keys of what its checks want at that address. */
  #wantAt(address: string, { checks, port, wasUp }: Member, host?: string): string[] {
    return checks.flatMap((name) => {
      const asked = this.#askedBy(name, address, port, host);
      return (asked && this.#want({ ...asked, wasUp })) ?? [];
    });
  }

  /** Undefined: it is not probed, and not out for it; of members that was told when the zone was loaded. */
  #askedBy(name: string, address: string, memberPort: number | undefined, host?: string): Asked | undefined {
    const check = this.#checks.get(name);
    const port = check && probedPort(check, memberPort);
    if (check === undefined || port === undefined) return undefined;
    const to: Endpoint = { address, port };
    const why = check.procedure.kind === 'external' ? undefined : this.#refuses(to);
    if (why === undefined) return { check, to, host };
    if (host !== undefined) this.unprobed.push({ host, address, check: name, why });
    return undefined;
  }

  /** Its key; undefined where there is no room for more. */
  #want(wanted: Wanted): string | undefined {
    const { wasUp: was } = wanted;
    const key = targetKey(wanted);
    const known = this.wanted.get(key);
    if (known === undefined && this.wanted.size >= this.#targetsMax) {
      this.left++;
      return undefined;
    }
    // Of several members that have it, one that was up says most: all of its checks were.
    const isKnownUp = known?.wasUp === true || was === true;
    this.wanted.set(key, { ...wanted, wasUp: isKnownUp || (known?.wasUp ?? was) });
    return key;
  }
}

/** Names, each counted by a byte. */
export function checkNames(bytes: Uint8Array, valueAt: number): string[] {
  const names: string[] = [];
  const end = valueAt === 0 ? 0 : valueAt + attributeLength(bytes, valueAt);
  for (let at = valueAt; at < end; at += 1 + u8(bytes, at)) {
    names.push(Buffer.from(bytes.subarray(at + 1, at + 1 + u8(bytes, at))).toString('latin1'));
  }
  return names;
}

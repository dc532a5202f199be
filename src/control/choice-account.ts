/**
 * How a choice from a pool went, for `cairn explain`: looks on while it is made, and notes of each stage who
 * is left, who went, and why. In: the choice after each stage (pool/choose). Out: plain values.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, u16 } from '../base/bytes.ts';
import type { World } from '../base/world.ts';
import { Projection } from '../pool/able.ts';
import type { Choice, Verdict } from '../pool/choice.ts';
import type { Stage } from '../pool/choose.ts';
import type { Flattened } from '../pool/flattened.ts';
import { placeText } from '../pool/place-codes.ts';
import {
  MemberWord,
  membersOf,
  PlaceFlag,
  type PlanWords,
  PoolFlag,
  PoolWord,
  Status,
} from '../pool/plan.ts';
import { NOWHERE, type Whereabouts } from '../pool/whereabouts.ts';
import { Type } from '../wire/codes.ts';
import { nameText } from '../wire/name.ts';
import { poolSubjectAt } from '../wire/pool.ts';
import { rdataText } from '../wire/rdata-text.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Image } from '../zone/image.ts';
import { HostAccount } from './host-account.ts';
import { ownerText, type SeatState, seatOf, type ToldSeat } from './pool-seats.ts';

export interface ToldStage {
  readonly stage: Stage;
  readonly left: readonly ToldSeat[];
  readonly gone: readonly (ToldSeat & { readonly why: string })[];
  /** What it found out besides. */
  readonly notes: readonly string[];
}

export interface ToldChoice {
  readonly pool: string;
  /** The pool whose members these are, where it is another one. */
  readonly members: string;
  /** What members become: an address, SRV, HTTPS or SVCB, CNAME. */
  readonly as: string;
  readonly stages: readonly ToldStage[];
  readonly verdict: Verdict;
  readonly ttl: number;
  /** What the zone says. */
  readonly zoneTtl: number;
  /** Bits of the client's address that were looked at; 0 where it makes no difference who asks. */
  readonly scope: number;
}

interface Opened {
  readonly image: Image;
  readonly stages: ToldStage[];
  readonly told: Omit<ToldChoice, 'stages' | 'verdict' | 'ttl' | 'scope'>;
  /** As they were in the list before. */
  before: readonly number[];
}

const AS: Readonly<Record<number, string>> = {
  [Projection.IPV4]: 'A',
  [Projection.IPV6]: 'AAAA',
  [Projection.SRV]: 'SRV',
  [Projection.SERVICE]: 'HTTPS or SVCB',
  [Projection.ALIAS]: 'CNAME',
};

const UNABLE: Readonly<Record<number, string>> = {
  [Projection.IPV4]: 'has no IPv4 address',
  [Projection.IPV6]: 'has no IPv6 address',
  [Projection.SRV]: 'has no port',
  [Projection.SERVICE]: 'has neither a port nor alpn',
  [Projection.ALIAS]: 'is no host',
};

const OUT: Readonly<Partial<Record<SeatState, string>>> = {
  down: 'is down',
  pending: 'has no result yet',
  drained: 'was taken out by the operator',
};

const DOWN_HOST: Readonly<Record<number, string>> = {
  [Projection.IPV4]: 'is up, but none of its IPv4 addresses is',
  [Projection.IPV6]: 'is up, but none of its IPv6 addresses is',
};

export interface AccountGround {
  readonly catalog: Catalog;
  readonly client: Bytes;
  readonly whereabouts: Whereabouts | undefined;
  readonly hosts: Flattened | undefined;
  readonly world: Pick<World, 'nowMs'>;
}

export class ChoiceAccount {
  readonly choices: ToldChoice[] = [];
  readonly #ground: AccountGround;
  readonly #hosts: HostAccount;
  #opened: Opened | undefined;

  constructor(ground: AccountGround) {
    this.#ground = ground;
    this.#hosts = new HostAccount(ground.hosts, ground.world);
  }

  /** The witness of a chooser. */
  note(stage: Stage, choice: Choice, projection: number): void {
    const opened = stage === 'able' ? this.#open(choice, projection) : this.#opened;
    assert(opened !== undefined, 'a choice begins with who is able');
    const list = [...choice.members.subarray(0, choice.count)];
    const left = new Set(list);
    const gone = opened.before.filter((member) => !left.has(member));
    const seat = (member: number): ToldSeat => seatOf(opened.image, choice.plan, opened.told.members, member);
    const why = (member: number): string => this.#reason(stage, choice, projection, member);
    opened.stages.push({
      stage,
      left: list.map(seat),
      gone: gone.map((member) => ({ ...seat(member), why: why(member) })),
      notes: this.#notes(stage, choice, opened, projection),
    });
    opened.before = list;
    const { verdict, scope } = choice;
    const ttl = this.#hosts.ttl(choice, projection);
    this.choices[this.choices.length - 1] = { ...opened.told, stages: opened.stages, verdict, ttl, scope };
  }

  #open(choice: Choice, projection: number): Opened {
    const { plan, pool, askedPlan, asked } = choice;
    const [image, askedImage] = [this.#imageOf(plan), this.#imageOf(askedPlan)];
    const told = {
      pool: ownerText(askedImage, askedPlan, asked),
      members: ownerText(image, plan, pool),
      as: AS[projection] as string,
      // Who is able has lowered the choice's own by now.
      zoneTtl: Math.min(choice.ofAsked(PoolWord.TTL), plan[pool + PoolWord.TTL] as number),
    };
    this.#opened = { image, stages: [], told, before: [...membersOf(plan, pool)] };
    this.choices.push({ ...told, stages: [], verdict: 'members', ttl: 0, scope: 0 });
    return this.#opened;
  }

  #imageOf(plan: PlanWords): Image {
    const image = this.#ground.catalog.images.find(({ pools }) => pools === plan);
    assert(image !== undefined, 'a plan is of an image that is served');
    return image;
  }

  #reason(stage: Stage, choice: Choice, projection: number, member: number): string {
    const { image, before } = this.#opened as Opened;
    switch (stage) {
      case 'able':
        return this.#hosts.lack(choice, projection, member) ?? (UNABLE[projection] as string);
      case 'health':
        return this.#outReason(choice, projection, member);
      case 'place':
        return this.#placeOf(image, choice, member);
      case 'tier':
        return `is of tier ${choice.plan[member + MemberWord.TIER]}`;
      case 'weight':
        return lotOf(choice, before, member);
    }
  }

  #outReason(choice: Choice, projection: number, member: number): string {
    const { image, told } = this.#opened as Opened;
    const out = OUT[seatOf(image, choice.plan, told.members, member).state];
    if (out !== undefined) return out;
    const isDown = this.#hosts.isDown(choice, projection, member);
    return (isDown ? DOWN_HOST[projection] : undefined) ?? 'was not among the last that were up';
  }

  /** Of a host, without the final dot. */
  #nameOf(member: number, { plan }: Choice): string {
    const at = poolSubjectAt(plan[member + MemberWord.RDATA] as number);
    return nameText((this.#opened as Opened).image.bytes, at).slice(0, -1);
  }

  #placeOf(image: Image, { plan }: Choice, member: number): string {
    const places = plan[member + MemberWord.PLACES] as number;
    if (places === 0) return 'is for everybody, and others fit better';
    const at = plan[member + MemberWord.RDATA] as number;
    const text = rdataText(Type.POOL, image.bytes.subarray(at, at + u16(image.bytes, at - 2)));
    const by = text.split(' ').filter((each) => /^(?:net|asn|geo|near|bias)=/.test(each));
    const far = (places & PlaceFlag.NEAR) === 0 ? '' : this.#distance(plan, member);
    return `is for ${by.join(' ')}${far}`;
  }

  #distance(plan: PlanWords, member: number): string {
    const at = [MemberWord.LATITUDE, MemberWord.LONGITUDE].map((word) => plan[member + word] as number);
    const { whereabouts, client } = this.#ground;
    whereabouts?.find(client);
    const metres = whereabouts?.metresTo(at[0] as number, at[1] as number) ?? NOWHERE;
    return metres === NOWHERE ? '' : `, ${Math.round(metres / 1_000)} km away`;
  }

  #notes(stage: Stage, choice: Choice, { stages }: Opened, projection: number): string[] {
    if (stage === 'able')
      return this.#hosts.notes(choice, projection, (member) => this.#nameOf(member, choice));
    if (stage === 'health') return downNotes(choice);
    if (stage !== 'place' || !hasFlag(choice, PoolFlag.LOCATES)) return [];
    if ((stages.at(-1)?.left.length ?? 0) < 2) return [];
    return [this.#whereText()];
  }

  #whereText(): string {
    const { whereabouts: table, client } = this.#ground;
    if (table === undefined) return 'there is no database to tell where the client is';
    table.find(client);
    const { continent, country, subdivision, asn, latitude, longitude } = table;
    const known = [
      ...[continent, country, subdivision].filter((place) => place !== 0).map(placeText),
      ...(asn === 0 ? [] : [`AS${asn >>> 0}`]),
      ...(latitude === NOWHERE ? [] : [`${latitude / 1e5},${longitude / 1e5}`]),
    ];
    return known.length === 0
      ? 'no database knows where the client is'
      : `the client is in ${known.join(', ')}`;
  }
}

const hasFlag = ({ plan, pool }: Choice, flag: number): boolean =>
  ((plan[pool + PoolWord.FLAGS] as number) & flag) !== 0;

function downNotes({ isDesperate, verdict, count }: Choice): string[] {
  if (!isDesperate) return [];
  if (verdict !== 'members') return [`nobody is up, for which the pool has all-down=${verdict}`];
  return [`nobody is up: ${count === 1 ? 'one is' : `${count} are`} answered with all the same`];
}

/** Why it was not drawn. */
function lotOf(choice: Choice, before: readonly number[], member: number): string {
  if ((choice.option(PoolWord.FLAGS) & PoolFlag.STICKY) !== 0) return 'stands lower for this network';
  const all = before.reduce((sum, each) => sum + weightOf(choice, each), 0);
  if (all === 0) return 'was not drawn';
  return `was not drawn, with a part of ${((100 * weightOf(choice, member)) / all).toFixed(1)} %`;
}

function weightOf({ plan, isDesperate }: Choice, member: number): number {
  const share = (plan[member + MemberWord.STATUS] as number) & Status.SHARE;
  return (plan[member + MemberWord.WEIGHT] as number) * (isDesperate ? Status.SHARE : share);
}

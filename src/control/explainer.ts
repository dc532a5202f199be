/**
 * Says how a client's answer comes to be: whether it may ask, whose name it is and what our zones say of it,
 * and, where they say nothing, how it is resolved; and the answer. In: a question and an address. Out: plain
 * values, made for `cairn explain` and for programs; nothing is counted, limited or logged.
 */
import { Authority, zoneOf } from '../answer/authority.ts';
import { type Hop, hopsOf } from '../answer/hops.ts';
import { AT_QUESTION, Reply, Section } from '../answer/reply.ts';
import { Counters } from '../base/counters.ts';
import { ipText } from '../base/ip.ts';
import { type Prefix, PrefixSet, prefixText } from '../base/prefix.ts';
import { realWorld } from '../base/world.ts';
import type { ToldMember } from '../health/told.ts';
import type { ExtendedError } from '../resolver/outcome.ts';
import type { TrailStep } from '../resolver/trail.ts';
import type { RuleListSettings } from '../rules/settings.ts';
import { Class, Ede, Rcode, rcodeText, typeText } from '../wire/codes.ts';
import { type Name, nameText, ownName } from '../wire/name.ts';
import { Query } from '../wire/query.ts';
import { ChoiceAccount, type ToldChoice } from './choice-account.ts';
import type { House } from './house.ts';
import type { InquiryDesk, ToldResolution } from './inquiries.ts';
import { located } from './outpost.ts';
import type { HealthInquiries } from './prober-letters.ts';
import { prefixSet } from './settings.ts';
import { type ToldRecord, toldRecords } from './told-records.ts';

export interface ToExplain {
  readonly name: Name;
  readonly type: number;
  /** The client's address. */
  readonly from: Uint8Array;
  /** The network of its client, if it is a resolver that tells it (RFC 7871). */
  readonly subnet?: Prefix | undefined;
  readonly isFresh: boolean;
}

/** Whether something is allowed, and the entry of the settings that allows it. */
export interface Permission {
  readonly granted: boolean;
  readonly by: string | undefined;
}

export interface Explanation {
  readonly question: { readonly name: string; readonly type: string };
  readonly client: {
    readonly address: string;
    readonly mayAsk: Permission;
    readonly mayRecurse: Permission;
    /** Whether it is told addresses behind a NAT64. */
    readonly dns64: Permission;
    /** The network that it tells of, and whether its word is taken for that. */
    readonly subnet: { readonly network: string; readonly mayTell: Permission } | undefined;
  };
  /** Whether names of others are resolved for anybody. */
  readonly recursionEnabled: boolean;
  /** Through our zones; the file is the one that the zone was read from. */
  readonly hops: readonly (Hop & { readonly file: string | undefined })[];
  /** From pools of ours, in the order that they were met. */
  readonly choices: readonly (ToldChoice & { readonly targets: readonly ToldMember[] })[];
  /** Where our zones do not have the answer, and the client may have it resolved. */
  readonly resolution: Pick<ToldResolution, 'steps' | 'tookMs'> | undefined;
  readonly isFresh: boolean;
  readonly answer: ToldAnswer;
}

export interface ToldAnswer extends Omit<ToldResolution, 'steps' | 'tookMs'> {
  readonly additional: readonly ToldRecord[];
}

interface OfOurZones {
  readonly answer: ToldAnswer;
  readonly rest: Reply['rest'];
  readonly choices: readonly ToldChoice[];
}

type Told = Pick<Explanation, 'resolution' | 'answer' | 'choices'>;

export class Explainer {
  readonly #house: Pick<House, 'served' | 'settings' | 'hosts'>;
  readonly #resolver: Pick<InquiryDesk, 'ask'>;
  readonly #prober: Pick<InquiryDesk<HealthInquiries>, 'ask' | 'isOpen'>;

  constructor(
    house: Pick<House, 'served' | 'settings' | 'hosts'>,
    resolver: Pick<InquiryDesk, 'ask'>,
    prober: Pick<InquiryDesk<HealthInquiries>, 'ask' | 'isOpen'>,
  ) {
    this.#house = house;
    this.#resolver = resolver;
    this.#prober = prober;
  }

  async explain(asked: ToExplain): Promise<Explanation> {
    const { catalog, origins } = this.#house.served;
    const { allowQuery, recursion, pools } = this.#house.settings;
    const mayAsk = permission(asked.from, allowQuery);
    const mayRecurse = recursion.enabled ? permission(asked.from, recursion.allow) : NOBODY;
    const dns64 = mayRecurse.granted ? permission(asked.from, recursion.dns64?.clients ?? []) : NOBODY;
    const subnet = asked.subnet && {
      network: prefixText(asked.subnet),
      mayTell: permission(asked.from, pools.subnetsFrom),
    };
    const client = subnet?.mayTell.granted ? asked.subnet : undefined;
    const hops = hopsOf(catalog, asked.name, asked.type).map((hop) => ({
      ...hop,
      file: origins.get(hop.zone?.name ?? '')?.content.files[0]?.path,
    }));
    return {
      question: { name: nameText(asked.name), type: typeText(asked.type) },
      client: { address: ipText(asked.from), mayAsk, mayRecurse, dns64, subnet },
      recursionEnabled: recursion.enabled,
      hops,
      isFresh: asked.isFresh,
      ...(mayAsk.granted
        ? await this.#answer({ ...asked, subnet: client }, mayRecurse.granted, dns64.granted)
        : TURNED_AWAY),
    };
  }

  async #answer(asked: ToExplain, mayRecurse: boolean, synthesise: boolean): Promise<Told> {
    const ours = this.#ofOurZones(asked);
    const choices = await this.#withTargets(ours?.choices ?? []);
    if (ours !== undefined && (ours.rest === 'none' || !mayRecurse)) {
      return { answer: ours.answer, choices, resolution: undefined };
    }
    if (!mayRecurse) return this.#house.settings.recursion.enabled ? NOT_FOR_THIS_CLIENT : NOT_OURS;
    const { from: client, subnet, ...question } = asked;
    const { bytes: address, bits } = subnet ?? { bytes: client, bits: 8 * client.length };
    const inquiry = { ...question, client, network: { address, bits }, synthesise };
    const { steps, tookMs, ...answer } = await this.#resolver.ask('resolve', inquiry);
    const { rules } = this.#house.settings.recursion;
    const resolution = { steps: withFiles(steps, rules), tookMs };
    return { answer: { ...answer, additional: [] }, choices, resolution };
  }

  /** What is known of the members of each. */
  async #withTargets(choices: readonly ToldChoice[]): Promise<Explanation['choices']> {
    const told: Explanation['choices'][number][] = [];
    for (const choice of choices) {
      const pool = choice.members;
      told.push({
        ...choice,
        targets: this.#prober.isOpen ? await this.#prober.ask('members', { pool }) : [],
      });
    }
    return told;
  }

  #ofOurZones({ name, type, from, subnet }: ToExplain): OfOurZones | undefined {
    const { catalog, places } = this.#house.served;
    const { whereabouts } = located(places?.table);
    const [client, bits] = subnet === undefined ? [from, 8 * from.length] : [subnet.bytes, subnet.bits];
    const { table: hosts } = this.#house.hosts;
    const account = new ChoiceAccount({ catalog, client, whereabouts, hosts, world: realWorld });
    const authority = new Authority({
      ...{ world: realWorld, counters: new Counters(), whereabouts, hosts },
      showPoolsTo: prefixSet(this.#house.settings.pools.showTo),
      witness: (stage, choice, projection) => account.note(stage, choice, projection),
    });
    const query = new Query();
    query.class = Class.IN;
    query.name.set(name, 0);
    query.type = type;
    const zone = zoneOf(catalog, query.name, type);
    if (zone === undefined) return undefined;
    const reply = new Reply();
    authority.steering.serve(from, client, bits);
    authority.answer(catalog, zone, query, reply);
    const section = (wanted: number): ToldRecord[] => recordsIn(reply, wanted, name);
    const answer = {
      rcode: rcodeText(reply.rcode),
      authoritative: reply.authoritative,
      answer: section(Section.ANSWER),
      authority: section(Section.AUTHORITY),
      additional: section(Section.ADDITIONAL),
      ede: reply.edeCode < 0 ? undefined : { code: reply.edeCode, text: reply.edeText },
      isSilent: false,
    };
    return { answer, rest: reply.rest, choices: account.choices };
  }
}

function recordsIn(reply: Reply, wanted: number, question: Name): ToldRecord[] {
  const records: ToldRecord[] = [];
  for (let i = 0; i < reply.count; i++) {
    if (reply.section(i) !== wanted) continue;
    const owner = reply.ownerAt(i) === AT_QUESTION ? question : ownName(reply.owner(i), reply.ownerAt(i));
    records.push(...toldRecords(owner, reply.block(i), reply.ttl(i), reply.blockAt(i)));
  }
  return records;
}

/** The resolver thread knows lists of rules by name; who has to mend one needs its file. */
function withFiles(steps: readonly TrailStep[], rules: readonly RuleListSettings[]): TrailStep[] {
  return steps.map((step) => {
    if (step.step === 'walk') return { ...step, steps: withFiles(step.steps, rules) };
    if (step.step !== 'found' || step.from === undefined) return step;
    const [, name, line] = /^rule (.*):(\d+)$/s.exec(step.from) ?? [];
    const file = rules.find((list) => list.name === name)?.file;
    return file === undefined ? step : { ...step, from: `rule ${name}, ${file}:${line}` };
  });
}

const NOBODY: Permission = { granted: false, by: undefined };

/** Undefined for everybody. */
function permission(from: Uint8Array, allowed: readonly string[] | undefined): Permission {
  if (allowed === undefined) return { granted: true, by: undefined };
  const by = allowed.find((text) => {
    const set = PrefixSet.parse([text]);
    return set instanceof PrefixSet && set.hasBytes(from);
  });
  return { granted: by !== undefined, by };
}

/** As the pipeline refuses (server/pipeline). */
const refusal = (code: number, text: string): Told => {
  const ede: ExtendedError = { code, text };
  const answer = { rcode: rcodeText(Rcode.REFUSED), authoritative: false, answer: [], authority: [], ede };
  return { answer: { ...answer, additional: [], isSilent: false }, choices: [], resolution: undefined };
};
const TURNED_AWAY = refusal(Ede.PROHIBITED, 'this address may not ask here');
const NOT_FOR_THIS_CLIENT = refusal(Ede.PROHIBITED, 'recursion is not offered to this address');
const NOT_OURS = refusal(Ede.NOT_AUTHORITATIVE, 'not a zone of this server');

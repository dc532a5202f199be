/**
 * `+trace`: the walk of a resolver (RFC 1034 §5.3.3) done by hand, a line for every step. The given server is
 * asked for the root's servers, and for addresses that no referral brings; everybody else is asked without
 * recursion. Every step goes strictly down the tree, so the walk ends; steps, servers and time are bounded
 * besides.
 */
import { isIP } from 'node:net';
import { ipText } from '../base/ip.ts';
import {
  ADDRESSES_PER_SERVER_MAX,
  DELEGATION_SERVERS_MAX,
  REFERRALS_MAX,
  TRACE_MS_MAX,
} from '../base/limits.ts';
import type { Endpoint } from '../resolver/upstream.ts';
import { Rcode, rcodeText, Type } from '../wire/codes.ts';
import type { Message, ResourceRecord } from '../wire/message.ts';
import { equalNames, isWithin, type Name, nameText, ownName, ROOT } from '../wire/name.ts';
import { ask, type Means, type Reply } from './query-ask.ts';
import type { QueryPlan } from './query-plan.ts';
import { recordLines } from './query-print.ts';

/** The zone that has been reached, who serves it, and the addresses that came along. */
interface Place {
  readonly zone: Name;
  readonly servers: readonly Name[];
  readonly glue: readonly ResourceRecord[];
}

type Step =
  | { readonly kind: 'referral'; readonly to: Place }
  | { readonly kind: 'end' }
  | { readonly kind: 'useless'; readonly why: string };

/** Gives whether the walk came to an answer, which may be that there is none. */
export const trace = (plan: QueryPlan, means: Means): Promise<boolean> => new Walk(plan, means).run();

class Walk {
  readonly #plan: QueryPlan;
  readonly #means: Means;
  readonly #untilMs: number;

  constructor(plan: QueryPlan, means: Means) {
    this.#plan = plan;
    this.#means = means;
    this.#untilMs = means.world.nowMs() + TRACE_MS_MAX;
  }

  async run(): Promise<boolean> {
    const { server } = this.#plan;
    const start = await ask({ ...this.#plan, spelled: ROOT, type: Type.NS }, this.#means);
    if (start === undefined) return false;
    const { answer, additional } = start.message;
    this.#means.out(recordLines(answer) + receivedLine(start, server, server.address));
    let place = placeOf(ROOT, answer, additional);
    for (let left = REFERRALS_MAX; left > 0; left--) {
      const step = await this.#stepFrom(place);
      if (step === undefined || step.kind === 'end') return step !== undefined;
      place = step.to;
    }
    this.#means.out(`;; gave up after ${REFERRALS_MAX} referrals\n`);
    return false;
  }

  get #isLate(): boolean {
    return this.#means.world.nowMs() > this.#untilMs;
  }

  /** Asks one server after the other until one leads further. */
  async #stepFrom(place: Place): Promise<Exclude<Step, { kind: 'useless' }> | undefined> {
    for await (const { server, address } of this.#servers(place)) {
      const endpoint = { address, port: this.#plan.tracePort };
      // One try each: the next server is the better second try.
      const question = { ...this.#plan, server: endpoint, recursionDesired: false, tries: 1 };
      const reply = await ask(question, this.#means);
      if (reply === undefined) continue;
      const { message } = reply;
      this.#means.out(recordLines([...message.answer, ...message.authority]));
      this.#means.out(receivedLine(reply, endpoint, nameText(server)));
      const step = stepBy(message, place, ownName(this.#plan.spelled));
      if (step.kind !== 'useless') return step;
      this.#means.out(`;; ${step.why}, trying the next server\n`);
    }
    const why = this.#isLate ? `gave up after ${TRACE_MS_MAX / 1000} seconds` : 'nobody left to ask';
    this.#means.out(`;; ${why} about ${nameText(place.zone)}\n`);
    return undefined;
  }

  async *#servers(place: Place): AsyncGenerator<{ server: Name; address: string }> {
    for (const server of place.servers.slice(0, DELEGATION_SERVERS_MAX)) {
      for (const address of await this.#addressesOf(server, place)) {
        if (this.#isLate) return;
        yield { server, address };
      }
    }
  }

  /** Glue first; else the given server finds out. */
  async #addressesOf(server: Name, place: Place): Promise<readonly string[]> {
    const { family } = this.#plan;
    const glue = place.glue.filter((record) => equalNames(ownName(record.owner), server));
    const known = addressesIn(glue, family);
    if (known.length > 0) return known;
    const types = [Type.A, Type.AAAA].filter((type) => family === undefined || type === TYPE_OF[family]);
    for (const type of types) {
      if (this.#isLate) return [];
      const reply = await ask({ ...this.#plan, spelled: server, type }, this.#means);
      const found = addressesIn(reply?.message.answer ?? [], family);
      if (found.length > 0) return found;
    }
    this.#means.out(`;; no address of ${nameText(server)} found\n`);
    return [];
  }
}

const TYPE_OF = { 4: Type.A, 6: Type.AAAA } as const;

/** What one reply makes of the walk. */
function stepBy(message: Message, place: Place, name: Name): Step {
  const { rcode, answer, authority, additional } = message;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return { kind: 'useless', why: rcodeText(rcode) };
  if (answer.length > 0 || rcode === Rcode.NXDOMAIN) return { kind: 'end' };
  const cut = authority.find((record) => record.type === Type.NS);
  if (cut === undefined) return { kind: 'end' }; // NODATA (RFC 2308 §2.2)
  const zone = ownName(cut.owner);
  if (equalNames(zone, place.zone)) return { kind: 'useless', why: 'BAD (HORIZONTAL) REFERRAL' };
  // Up or sideways: from a server that does not know this zone, whatever its parent thinks.
  if (!isWithin(zone, place.zone) || !isWithin(name, zone)) return { kind: 'useless', why: 'BAD REFERRAL' };
  return { kind: 'referral', to: placeOf(zone, authority, additional) };
}

function placeOf(zone: Name, records: readonly ResourceRecord[], glue: readonly ResourceRecord[]): Place {
  const servers = records
    .filter((record) => record.type === Type.NS && equalNames(ownName(record.owner), zone))
    .map((record) => ownName(record.rdata));
  return { zone, servers, glue };
}

const addressesIn = (records: readonly ResourceRecord[], family: 4 | 6 | undefined): string[] =>
  records
    .filter((record) => record.type === Type.A || record.type === Type.AAAA)
    .map((record) => ipText(record.rdata))
    .filter((address) => family === undefined || isIP(address) === family)
    .slice(0, ADDRESSES_PER_SERVER_MAX);

/** dig leaves the final dot of the server's name out. */
function receivedLine(reply: Reply, from: Endpoint, name: string): string {
  const bare = name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
  const ms = Math.round(reply.ms);
  return `;; Received ${reply.bytes.length} bytes from ${from.address}#${from.port}(${bare}) in ${ms} ms\n\n`;
}

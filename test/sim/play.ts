/**
 * One run: an internet, its weather and its changes, and clients, all from one seed. Out comes what was asked
 * and sent, and every law that was broken. The same seed is the same run, to the byte.
 */
import { createHash } from 'node:crypto';
import type { Outcome } from '../../src/resolver/outcome.ts';
import type { Recursor } from '../../src/resolver/recursor.ts';
import { Rcode, rcodeText, typeText } from '../../src/wire/codes.ts';
import { isWithin, nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { Chance } from '../support/chance.ts';
import { Events } from './events.ts';
import { Internet } from './internet.ts';
import { Laws, textOf } from './laws.ts';
import { Network } from './network.ts';
import { CLIENT_MS, makeRecursor, name } from './subject.ts';
import { Truth } from './truth.ts';
import { Sky } from './weather.ts';

export interface Report {
  readonly seed: number;
  /** The laws that were broken, each in words. */
  readonly broken: readonly string[];
  readonly log: readonly string[];
  readonly hash: string;
  readonly questions: number;
  readonly failures: number;
  readonly sent: number;
  readonly guesses: number;
}

/** `UPSTREAM_QUERIES_MAX`, written down again, for the test is to notice when it grows. */
const PACKETS_PER_QUESTION_MAX = 128;
/** What a run may leave behind is over by then: the longest resolution, and a kept connection. */
const QUIET_MS = 20_000;

export const play = (seed: number): Promise<Report> => new Run(seed).play();

class Run {
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #world: VirtualWorld;
  readonly #network: Network;
  readonly #recursor: Recursor;
  readonly #events: Events;
  readonly #laws: Laws;
  readonly #broken: string[] = [];
  readonly #open = new Set<Promise<void>>();
  readonly #failed = new Map<string, { readonly name: string; readonly type: number }>();
  #questions = 0;
  #failures = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#chance = new Chance(seed ^ 0x5eed);
    const chance = this.#chance;
    this.#world = new VirtualWorld(seed);
    const world = this.#world;
    const internet = new Internet(seed);
    const sky = new Sky(new Chance(seed ^ 0x5c1));
    const hasIpv6 = chance.percent(70);
    this.#network = new Network({ world, internet, sky, chance: new Chance(seed ^ 0x11e), hasIpv6 });
    const manner = {
      minimise: chance.pick(['relaxed', 'relaxed', 'strict', 'off'] as const),
      useCaseRandomisation: chance.percent(80),
      servesStale: chance.percent(50),
      prefetch: chance.percent(50),
      // Sometimes so small that what was learned a moment ago is gone.
      cacheBytes: chance.percent(15) ? 20_000 : 1_000_000,
    };
    this.#recursor = makeRecursor({
      world,
      upstream: this.#network,
      rootHints: internet.hints.map((host) => ({ name: name(host.name), addresses: host.server.addresses })),
      ...manner,
      onBug: (error) => this.#break(`a mistake of ours: ${(error as Error).stack}`),
    });
    this.#events = new Events({ world, internet, sky, chance, note: (line) => this.#network.note(line) });
    const truth = new Truth(internet, hasIpv6);
    const lapseMs = (): number => (manner.servesStale ? this.#events.faultyFromMs : Number.POSITIVE_INFINITY);
    this.#laws = new Laws(truth, () => this.#events.stalledMs, lapseMs);
  }

  async play(): Promise<Report> {
    try {
      for (let left = 10 + this.#chance.below(16); left > 0; left--) await this.#step();
      await this.#world.pass(QUIET_MS);
      this.#events.heal();
      await this.#world.pass(this.#events.troubledUntilMs - this.#world.nowMs() + 1_000);
      // What failed once has to be forgiven, too.
      const again = [...this.#failed.values()].slice(0, 5);
      const last = [...again, ...this.#chance.times(3, () => this.#events.question())];
      for (const question of last) await this.#askAlone(question);
      await this.#end();
    } catch (error) {
      this.#break(`the run ended early: ${(error as Error).stack}`);
    }
    return this.#report();
  }

  async #step(): Promise<void> {
    const chance = this.#chance;
    switch (chance.weighted({ ask: 5, burst: 3, background: 3, wait: 4, event: 5, flush: 1 })) {
      case 'ask':
        return this.#askAlone();
      case 'burst': {
        const some = chance.times(1 + chance.below(4), () => this.#events.question());
        const all = chance.times(2 + chance.below(6), () => chance.pick(some));
        await this.#world.until(Promise.all(all.map((question) => this.#ask(question))));
        return;
      }
      case 'background':
        void this.#ask(this.#events.question());
        return this.#world.pass(chance.below(chance.pick([5, 400, 3_000])));
      case 'wait':
        return this.#world.pass(chance.below(1_000 * chance.pick([2, 70, 400, 4_000, 90_000])));
      case 'event':
        return this.#events.happen();
      case 'flush':
        return this.#flush();
    }
  }

  async #askAlone(question = this.#events.question()): Promise<void> {
    const isAlone = this.#recursor.inFlight === 0 && this.#open.size === 0;
    const before = this.#network.sent;
    await this.#world.until(this.#ask(question));
    const sent = this.#network.sent - before;
    if (isAlone && sent > PACKETS_PER_QUESTION_MAX) this.#break(`${sent} packets were sent for one question`);
  }

  #ask(question: { readonly name: string; readonly type: number }): Promise<void> {
    const asked = { name: name(question.name), type: question.type, class: 1 };
    const what = `${question.name}. ${typeText(question.type)}`;
    const startMs = this.#world.nowMs();
    const before = this.#events.excuse();
    this.#questions++;
    this.#network.note(`? ${what}`);
    const known = this.#recursor.cached(asked);
    const settled = (known ? Promise.resolve(known) : this.#recursor.resolve(asked)).then((outcome) => {
      const endMs = this.#world.nowMs();
      const { flushedMs } = this.#events;
      const { guesses } = this.#network;
      const excuse = before ?? this.#events.excuse();
      this.#network.note(`! ${what} ${outcomeText(outcome)}`);
      if (outcome.rcode === Rcode.SERVFAIL) this.#failed.set(what, question);
      if (outcome.rcode === Rcode.SERVFAIL) this.#failures++;
      const told = { ...question, outcome, startMs, endMs, flushedMs, excuse, guesses };
      const lateMs = endMs - startMs - CLIENT_MS - this.#events.stalledMs;
      if (lateMs > 0) this.#break(`${what} ended ${lateMs} ms after its deadline`);
      const broken = this.#laws.broken(told);
      if (broken !== undefined) this.#break(broken);
      this.#open.delete(settled);
    });
    this.#open.add(settled);
    return settled;
  }

  async #flush(): Promise<void> {
    const isQuiet = this.#recursor.inFlight === 0;
    if (this.#chance.percent(40)) {
      const top = name(this.#events.question().name);
      this.#network.note(`flush ${nameText(top)}`);
      this.#recursor.flush((each) => isWithin(each, top));
      return;
    }
    this.#network.note('flush');
    this.#recursor.flush();
    if (isQuiet) this.#events.flushedMs = this.#world.nowMs();
  }

  /** Nothing is left of what was begun. */
  async #end(): Promise<void> {
    await this.#world.pass(QUIET_MS);
    const { inFlight, waiting } = this.#recursor;
    if (this.#open.size > 0) this.#break(`${this.#open.size} questions never ended`);
    if (inFlight > 0 || waiting > 0) this.#break(`${inFlight} in flight and ${waiting} waiting at the end`);
    if (this.#world.alarms > 0) this.#break(`${this.#world.alarms} alarms were left behind`);
    const bound = PACKETS_PER_QUESTION_MAX * this.#questions;
    if (this.#network.sent > bound)
      this.#break(`${this.#network.sent} packets for ${this.#questions} questions`);
  }

  #break(law: string): void {
    this.#broken.push(law);
    this.#network.note(`BROKEN: ${law}`);
  }

  #report(): Report {
    const { log, sent, guesses } = this.#network;
    const hash = createHash('sha256').update(log.join('\n')).digest('hex');
    const [seed, broken, questions, failures] = [this.#seed, this.#broken, this.#questions, this.#failures];
    return { seed, broken, log, hash, questions, failures, sent, guesses };
  }
}

function outcomeText({ rcode, answer, authority, ede }: Outcome): string {
  const records = [...answer, ...authority].flatMap(({ owner, block, ttl }) => {
    const type = rrsetType(block, 0);
    return rdatasOf(block).map(
      (rdata) => `${textOf(owner)} ${ttl} ${typeText(type)} ${rdataText(type, rdata)}`,
    );
  });
  const why = ede === undefined ? '' : ` EDE ${ede.code} ${ede.text}`;
  return `${rcodeText(rcode)}${why}${records.map((record) => `\n             ${record}`).join('')}`;
}

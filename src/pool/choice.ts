/**
 * What is chosen from a pool, on its way through the stages: a list of members, which each stage shortens or
 * orders; and what the answer may promise. One scratch object of the thread.
 */
import { POOL_MEMBERS_MAX } from '../base/limits.ts';
import { NONE, type PlanWords, PoolFlag, PoolWord } from './plan.ts';

/** Nobody is answered with where all are down and the pool wants it so. */
export type Verdict = 'members' | 'nodata' | 'servfail';

const { FLAGS, TTL } = PoolWord;
const { OPTIONS, PLACES, STICKY } = PoolFlag;
const NO_WORDS: PlanWords = new Int32Array(0);

export class Choice {
  /** The members' pool. */
  plan = NO_WORDS;
  pool: number = NONE;
  readonly members = new Int32Array(POOL_MEMBERS_MAX);
  /** Of the members, the list. */
  count = 0;
  verdict: Verdict = 'members';
  /** Seconds that all this holds. */
  ttl = 0;
  /** Bits of the client's address that were looked at: who has the same is answered from the same list. */
  scope = 0;
  /** All are down: who is in the list has its whole weight nevertheless. */
  isDesperate = false;
  /** A host is a member, and nobody knows its addresses yet. */
  isUnresolved = false;
  /** The pool that was asked for; another one where it uses the members of that above. */
  asked: number = NONE;
  askedPlan = NO_WORDS;
  #optionsPlan = NO_WORDS;
  #options: number = NONE;

  /** `pool` is the one asked for, or used by it. */
  set(askedPlan: PlanWords, asked: number, plan: PlanWords, pool: number): void {
    this.plan = plan;
    this.pool = pool;
    this.askedPlan = askedPlan;
    this.asked = asked;
    const hasOptions = ((askedPlan[asked + FLAGS] as number) & OPTIONS) !== 0;
    this.#optionsPlan = hasOptions ? askedPlan : plan;
    this.#options = hasOptions ? asked : pool;
  }

  /** Forgets the choice before. */
  begin(): void {
    this.count = 0;
    this.verdict = 'members';
    this.ttl = Math.min(this.ofAsked(TTL), this.plan[this.pool + TTL] as number);
    this.scope = 0;
    this.isDesperate = false;
    this.isUnresolved = false;
  }

  /** Lets go of the plans. */
  forget(): void {
    this.plan = NO_WORDS;
    this.askedPlan = NO_WORDS;
    this.#optionsPlan = NO_WORDS;
  }

  /** A word of the member in place `i` of the list. */
  word(i: number, word: number): number {
    return this.plan[(this.members[i] as number) + word] as number;
  }

  /** A word of the pool that was asked for. */
  ofAsked(word: number): number {
    return this.askedPlan[this.asked + word] as number;
  }

  /** A word of the pool whose options count: those of a use stand in place of those of the pool used. */
  option(word: number): number {
    return this.#optionsPlan[this.#options + word] as number;
  }

  /** Whether it makes a difference who asks. */
  get isByClient(): boolean {
    const places = (this.plan[this.pool + FLAGS] as number) & PLACES;
    return (places | (this.option(FLAGS) & STICKY)) !== 0;
  }

  promise(seconds: number): void {
    if (seconds < this.ttl) this.ttl = seconds;
  }

  lookedAt(bits: number): void {
    if (bits > this.scope) this.scope = bits;
  }
}

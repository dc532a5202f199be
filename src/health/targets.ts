/**
 * Every target there is, by check, address and port: probed in rounds, or told of by others, and remembered
 * as long as some pool wants it, whatever zones and settings become meanwhile. In: what is wanted, results.
 * Out: health, and word of each result and each change.
 */
import { assert } from '../base/assert.ts';
import { ipText } from '../base/ip.ts';
import { askingFor, type Check, nameAskedFor, type Procedure } from './check.ts';
import type { Cancel, Endpoint, Verdict } from './conversation.ts';
import { Course, type Health, Standing } from './health.ts';
import { isDone, type ProbeGround, probe } from './probe.ts';
import type { Probed, Rounds } from './rounds.ts';

export interface TargetEvents {
  /** There is a result; `isOther`: and it stands otherwise now. */
  readonly onResult: (target: Target, verdict: Verdict, isOther: boolean) => void;
}

export class Target implements Probed {
  check: Check;
  readonly to: Endpoint;
  /** The member that has this address, if that is a host: one of them. */
  readonly host: string | undefined;
  readonly #ground: ProbeGround;
  readonly #events: TargetEvents;
  readonly #course = new Course();
  #last: { readonly verdict: Verdict; readonly atMs: number } | undefined;
  #expire: Cancel | undefined;
  dueMs: number;

  constructor({ check, to, host }: Asked, ground: ProbeGround, events: TargetEvents) {
    this.check = check;
    this.to = to;
    this.host = host;
    this.#ground = ground;
    this.#events = events;
    this.dueMs = ground.world.nowMs();
  }

  get health(): Health {
    return this.#course.health;
  }

  get standing(): Standing {
    return this.#course.standing;
  }

  get isPending(): boolean {
    return this.standing === Standing.PENDING;
  }

  get last() {
    return this.#last;
  }

  get intervalMs(): number {
    return this.check.intervalMs;
  }

  probe(ended: () => void): Cancel {
    const { timeoutMs } = this.check;
    const procedure = this.#procedure;
    assert(isDone(procedure), 'what others tell is not probed');
    const beganMs = this.#ground.world.nowMs();
    return probe({ procedure, timeoutMs }, this.to, this.#ground, (verdict) => {
      const isOther = this.#course.note(verdict.isUp, this.check, beganMs);
      this.#note(verdict, isOther);
      ended();
    });
  }

  /** Somebody else says how it is; after `forMs`, if he has not said so again, it is down. */
  report(isUp: boolean, why: string, forMs: number): void {
    const { world } = this.#ground;
    this.#expire?.();
    this.#expire = undefined;
    const nowMs = world.nowMs();
    const isOther = this.#course.decree(isUp, nowMs, nowMs + forMs);
    if (forMs < Infinity)
      this.#expire = world.after(forMs, () => this.report(false, 'no report in time', Infinity));
    this.#note({ isUp, why }, isOther);
  }

  /** What is known from before this thread began. */
  inherit(isUp: boolean): void {
    const nowMs = this.#ground.world.nowMs();
    this.#course.decree(isUp, nowMs, nowMs);
  }

  forget(): void {
    this.#expire?.();
  }

  get #procedure(): Procedure {
    const { check, to, host } = this;
    const name = host === undefined ? undefined : nameAskedFor(check, host);
    return name === undefined ? check.procedure : askingFor(name, check.procedure, to.port);
  }

  #note(verdict: Verdict, isOther: boolean): void {
    this.#last = { verdict, atMs: this.#ground.world.nowMs() };
    this.#events.onResult(this, verdict, isOther);
  }
}

/** What is asked, and whom. */
export interface Asked {
  readonly check: Check;
  readonly to: Endpoint;
  /** As text; undefined where the member is the address. */
  readonly host: string | undefined;
}

/** What a member asks for. */
export interface Wanted extends Asked {
  /** What is known of it already, if anything. */
  readonly wasUp: boolean | undefined;
}

/** One probe for all hosts at an address, unless the check asks there for the host by its name. */
export function targetKey({ check, to, host }: Asked): string {
  const name = host === undefined ? undefined : nameAskedFor(check, host);
  return `${check.name} ${to.address} ${to.port}${name === undefined ? '' : ` ${name}`}`;
}

export class Targets {
  readonly #ground: ProbeGround;
  readonly #events: TargetEvents;
  readonly #rounds: Rounds;
  readonly #all = new Map<string, Target>();

  constructor(ground: ProbeGround, rounds: Rounds, events: TargetEvents) {
    this.#ground = ground;
    this.#rounds = rounds;
    this.#events = events;
  }

  get(key: string): Target | undefined {
    return this.#all.get(key);
  }

  [Symbol.iterator](): Iterator<Target> {
    return this.#all.values();
  }

  /** From now on these, by key, and no others. */
  follow(wanted: ReadonlyMap<string, Wanted>): void {
    for (const [key, target] of this.#all) if (!wanted.has(key)) this.#drop(key, target);
    for (const [key, each] of wanted) {
      const known = this.#all.get(key);
      if (known === undefined) this.#add(key, each);
      else this.#revise(known, each.check);
    }
  }

  /** Of a check that is told by others; how many targets it is told of. */
  report(check: string, address: Uint8Array, isUp: boolean, forMs: number): number {
    const text = ipText(address);
    const told = [...this.#all.values()].filter(
      ({ check: { name, procedure }, to }) =>
        name === check && procedure.kind === 'external' && to.address === text,
    );
    for (const target of told) target.report(isUp, 'as reported', forMs);
    return told.length;
  }

  close(): void {
    for (const [key, target] of this.#all) this.#drop(key, target);
    this.#rounds.close();
  }

  #add(key: string, wanted: Wanted): void {
    const target = new Target(wanted, this.#ground, this.#events);
    this.#all.set(key, target);
    if (wanted.wasUp !== undefined) target.inherit(wanted.wasUp);
    if (isDone(wanted.check.procedure)) this.#rounds.add(target);
  }

  /** What is known stays known; another pace begins at once. */
  #revise(target: Target, check: Check): void {
    const { intervalMs } = target.check;
    target.check = check;
    if (intervalMs !== check.intervalMs || !isDone(check.procedure)) this.#rounds.remove(target);
    if (isDone(check.procedure)) this.#rounds.add(target);
  }

  #drop(key: string, target: Target): void {
    this.#all.delete(key);
    this.#rounds.remove(target);
    target.forget();
  }
}

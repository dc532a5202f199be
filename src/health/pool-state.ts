/**
 * What the health of its members means for a pool: who is out, who is back and gets a little more from second
 * to second, who is kept in although its checks say no, and who was good last. A pure function: it knows of
 * the past only what the healths say of it.
 */
import { LAST_GOOD_MS } from '../base/limits.ts';
import { type Health, Standing } from './health.ts';

/** What an operator has decided, whatever checks say. */
export const HOLDS = ['drain', 'force'] as const;
export type Hold = (typeof HOLDS)[number];

export interface Condition {
  /** Of all its checks together; undefined where it has none. */
  readonly health: Health | undefined;
  readonly hold: Hold | undefined;
}

export interface PoolTerms {
  readonly warmUpMs: number;
  /** Percent of all members that checks may take out, rounded down. */
  readonly ejectAtMost: number;
}

export interface MemberState {
  /** Of its weight: from 0, which is out, to 1. Who is pending has none yet. */
  readonly share: number;
  /** Before then it stays as it is, and if it is in, it stays in. */
  readonly untilMs: number;
  readonly isChecked: boolean;
  readonly isPending: boolean;
  readonly isHeld: boolean;
  /** Is up, or was among the last that were. */
  readonly isLastGood: boolean;
  /** Down, and in all the same. */
  readonly isSpared: boolean;
}

export function poolState(members: readonly Condition[], terms: PoolTerms, nowMs: number): MemberState[] {
  const checked = members.filter(({ health, hold }) => health !== undefined && hold === undefined);
  const fallen = checked.filter(isDown).sort((a, b) => sinceMs(a) - sinceMs(b));
  const spared = new Set(fallen.slice(Math.floor((members.length * terms.ejectAtMost) / 100)));
  // Where one of the fallen gives way to another, the first to rise changes it for all.
  const firstMs = Math.min(...fallen.map(({ health }) => health?.untilMs ?? Infinity));
  const goodSinceMs = lastGoodSince(checked, fallen);
  return members.map((member) => {
    const { health, hold } = member;
    const isIn = hold === undefined ? !isDown(member) || spared.has(member) : hold === 'force';
    const isPending = hold === undefined && health?.standing === Standing.PENDING;
    const untilMs = isDown(member) && spared.size > 0 ? firstMs : (health?.untilMs ?? Infinity);
    return {
      share: !isIn || isPending ? 0 : hold === undefined ? warmth(health, terms, nowMs) : 1,
      untilMs: hold === undefined ? untilMs : Infinity,
      isChecked: health !== undefined,
      isPending,
      isHeld: hold !== undefined,
      isLastGood: health !== undefined && (!isDown(member) || health.sinceMs >= goodSinceMs),
      isSpared: spared.has(member),
    };
  });
}

const isDown = ({ health }: Condition): boolean => health?.standing === Standing.DOWN;
const sinceMs = ({ health }: Condition): number => health?.sinceMs ?? -Infinity;

/** Where nobody is up: who fell shortly before the last one did was good until then. */
const lastGoodSince = (checked: readonly Condition[], fallen: readonly Condition[]): number =>
  fallen.length < checked.length ? Infinity : (fallen.at(-1)?.health?.sinceMs ?? Infinity) - LAST_GOOD_MS;

/** Who has come back begins with little: it has nothing in its caches. */
function warmth(health: Health | undefined, { warmUpMs }: PoolTerms, nowMs: number): number {
  if (health?.standing !== Standing.UP || warmUpMs <= 0) return 1;
  return Math.min((nowMs - health.sinceMs) / warmUpMs, 1);
}

/** Whether shares change although nothing happens. */
export const isWarming = (members: readonly Condition[], { warmUpMs }: PoolTerms, nowMs: number): boolean =>
  members.some(({ health }) => health?.standing === Standing.UP && nowMs - health.sinceMs < warmUpMs);

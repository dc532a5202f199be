/**
 * Whether a difference is one of those in the table (./explained.ts). A rule says in which world we would
 * answer as the peer does, or retells a response less what it excuses; the difference is explained when
 * nothing differs any more. So a rule excuses one thing exactly: whatever else is different in that response
 * stays a finding.
 */

import { RULES } from './explained.ts';
import type { Difference, Rule } from './rule.ts';
import { differences } from './verdict.ts';

/** More rules than this at once explain nothing. */
const RULES_MAX = 4;

/** The fewest rules that together explain the difference, or undefined. */
export function explanationOf(difference: Difference): readonly Rule[] | undefined {
  for (let count = 1; count <= RULES_MAX; count++) {
    const found = explain(difference, RULES, count);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Exactly so many of the rules, in the order of the table. */
function explain(d: Difference, rules: readonly Rule[], count: number): readonly Rule[] | undefined {
  if (count === 0) return differences(d.ours, d.theirs).size === 0 ? [] : undefined;
  for (const [i, rule] of rules.entries()) {
    const applied = rule.peers.includes(d.peer) ? apply(rule, d) : undefined;
    const found = applied && explain(applied, rules.slice(i + 1), count - 1);
    if (found !== undefined) return [rule, ...found];
  }
  return undefined;
}

function apply(rule: Rule, d: Difference): Difference | undefined {
  const world = rule.world?.(d);
  if (world !== undefined) return { ...d, world, ours: d.oursIn(world, d.question) };
  const retold = rule.retold?.(d);
  return retold && { ...d, ...retold };
}

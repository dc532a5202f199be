/**
 * A change of some names of a zone: appends to the image that is being served (zone/image has the layout)
 * and gives the next version of it. The zone that results has to pass the checks of one that is loaded, and
 * all of a change takes effect or nothing. What cannot be told from few names, or finds no room, is for
 * `zone/rebuild`.
 */
import type { Bytes } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { nameKey, nameText } from '../wire/name.ts';
import { poolAttributesAt } from '../wire/pool.ts';
import { rdatasOf, rrsetTtl, rrsetType } from '../wire/rrset.ts';
import { Plan } from './change-plan.ts';
import { checkZone, settle } from './check.ts';
import type { Complaint } from './complaint.ts';
import { internNeeded, isAboveDerived } from './derive.ts';
import { type Image, NONE, NodeFlag } from './image.ts';
import { isInZone } from './owner.ts';
import type { Records } from './records.ts';
import { addChange, addNode, type Change, latestOf, nodeOf, noRecords } from './thaw.ts';
import { internAncestors } from './tree.ts';

interface Refused {
  readonly kind: 'refused';
  readonly complaints: readonly Complaint[];
}
type Unplanned = Refused | { readonly kind: 'rebuild' };
export type Verdict = Unplanned | { readonly kind: 'changed'; readonly image: Image };

/** `image` is the newest version in its memory, and nobody else is writing there. */
export function change(image: Image, changes: readonly Change[]): Verdict {
  const planned = planChange(image, changes);
  return planned.kind === 'plan' ? { kind: 'changed', image: planned.plan.write() } : planned;
}

/** What `change` would do; writes nothing. */
export function planChange(
  image: Image,
  changes: readonly Change[],
): Unplanned | { readonly kind: 'plan'; readonly plan: Plan } {
  const strangers = changes.filter(({ name }) => !isInZone(name, 0, image.apexName));
  if (strangers.length > 0) {
    const why = `is not in the zone: expected a name at or below ${image.apexText}`;
    return refused(strangers, image, why);
  }
  const latest = [...latestOf(changes).values()];
  if (latest.some((each) => concernsPools(each, image))) return { kind: 'rebuild' };
  const derived = latest.filter((each) => isDerived(each, image));
  if (derived.length > 0) return refused(derived, image, 'is derived from a pool: expected a change of that');
  const records = noRecords(image);
  const complaints: Complaint[] = [];
  const changed = new Set(latest.map((each) => addChange(records, each)));
  addNeighbours(records, changed, image);
  const tree = checkZone(records, complaints);
  // Of names that are not read a warning says that they are missing.
  const errors = complaints.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { kind: 'refused', complaints: errors };
  settle(records);
  const plan = new Plan(image, records, tree, changed);
  return plan.isFeasible ? { kind: 'plan', plan } : { kind: 'rebuild' };
}

function refused(changes: readonly Change[], { apexText }: Image, why: string): Refused {
  const complaints = changes.map(
    ({ name }): Complaint => ({
      ...{ file: `change of ${apexText}`, line: 0, column: 0, severity: 'error' },
      text: `${nameText(name)} ${why}`,
    }),
  );
  return { kind: 'refused', complaints };
}

/**
 * As they are: what a name may have depends on what is above it, and they are to know that it is there; and
 * what pools among all these need.
 */
function addNeighbours(records: Records, changed: ReadonlySet<number>, image: Image): void {
  for (let id = 0; id < records.nameCount; internNeeded(records)) {
    internAncestors(records);
    for (; id < records.nameCount; id++) {
      if (changed.has(id)) continue;
      const node = nodeOf(image, records, id);
      if (node !== NONE) addNode(records, id, image, node);
    }
  }
}

const named = new HashedName();

function nodeNow({ name }: Change, image: Image): number {
  named.set(name, 0);
  return image.find(named, 0);
}

function isDerived(change: Change, image: Image): boolean {
  const node = nodeNow(change, image);
  return node !== NONE && image.has(node, NodeFlag.DERIVED);
}

/**
 * Whether what is derived or used may differ, anywhere in the zone: a pool comes, goes, or gets other members
 * or another TTL; or derived names may come to be hidden.
 */
function concernsPools(change: Change, image: Image): boolean {
  if (isAboveDerived(change.name, image.apexName)) return true;
  const node = nodeNow(change, image);
  const before = node === NONE ? 0 : image.rrset(node, Type.POOL);
  const now = change.rrsets.find((block) => rrsetType(block, 0) === Type.POOL);
  if (before === 0 || now === undefined) return before !== 0 || now !== undefined;
  return subjectsOf(image.bytes, before) !== subjectsOf(now, 0);
}

/** The same for pools of the same members, whatever their attributes. */
function subjectsOf(bytes: Bytes, block: number): string {
  const subjects = rdatasOf(bytes, block).map((rdata) =>
    nameKey(rdata.subarray(0, poolAttributesAt(rdata, 0))),
  );
  return [rrsetTtl(bytes, block), ...subjects.sort()].join(' ');
}

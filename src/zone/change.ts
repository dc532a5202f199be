/**
 * A change of some names of a zone: appends to the image that is being served (zone/image has the layout)
 * and gives the next version of it. The zone that results has to pass the checks of one that is loaded, and
 * all of a change takes effect or nothing. What cannot be told from few names, or finds no room, is for
 * `zone/rebuild`.
 */
import { nameText } from '../wire/name.ts';
import { Plan } from './change-plan.ts';
import { checkZone, settle } from './check.ts';
import type { Complaint } from './complaint.ts';
import { type Image, NONE } from './image.ts';
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
  const complaints = strangersIn(changes, image);
  if (complaints.length > 0) return { kind: 'refused', complaints };
  const records = noRecords(image);
  const changed = new Set([...latestOf(changes).values()].map((each) => addChange(records, each)));
  addAncestors(records, changed, image);
  const tree = checkZone(records, complaints);
  // Of names that are not read a warning says that they are missing.
  const errors = complaints.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { kind: 'refused', complaints: errors };
  settle(records);
  const plan = new Plan(image, records, tree, changed);
  return plan.isFeasible ? { kind: 'plan', plan } : { kind: 'rebuild' };
}

function strangersIn(changes: readonly Change[], { apexName, apexText }: Image): Complaint[] {
  return changes
    .filter(({ name }) => !isInZone(name, 0, apexName))
    .map(({ name }) => ({
      ...{ file: `change of ${apexText}`, line: 0, column: 0, severity: 'error' as const },
      text: `${nameText(name)} is not in the zone: expected a name at or below ${apexText}`,
    }));
}

/** As they are: what a name may have depends on what is above it, and they are to know that it is there. */
function addAncestors(records: Records, changed: ReadonlySet<number>, image: Image): void {
  internAncestors(records);
  for (let id = 0; id < records.nameCount; id++) {
    if (changed.has(id)) continue;
    const node = nodeOf(image, records, id);
    if (node !== NONE) addNode(records, id, image, node);
  }
}

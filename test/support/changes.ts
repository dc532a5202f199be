/**
 * Changes of an image, for tests, from what its zone is to be.
 */
import { HashedName } from '../../src/wire/hashed-name.ts';
import type { Name } from '../../src/wire/name.ts';
import { settle } from '../../src/zone/check.ts';
import { differences } from '../../src/zone/differences.ts';
import { type Image, NONE, NodeFlag } from '../../src/zone/image.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { groupRows } from '../../src/zone/rows.ts';
import type { Change } from '../../src/zone/thaw.ts';

/**
 * What makes the image say what the zone's text does, whether that is allowed or not. Of names that are
 * derived from pools the text says nothing, and neither do the changes.
 */
export function changesIn(image: Image, apex: Name, text: string): Change[] {
  const records = parseZoneText(apex, `${text}\n`, []);
  settle(records);
  const changes = differences(records, groupRows(records), image, Number.POSITIVE_INFINITY) as Change[];
  return changes.filter(({ name, rrsets }) => rrsets.length > 0 || !isDerived(image, name));
}

function isDerived(image: Image, name: Name): boolean {
  const hashed = new HashedName();
  hashed.set(name, 0);
  const node = image.find(hashed, 0);
  return node !== NONE && image.has(node, NodeFlag.DERIVED);
}

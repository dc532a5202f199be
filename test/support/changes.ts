/**
 * Changes of an image, for tests, from what its zone is to be.
 */
import type { Name } from '../../src/wire/name.ts';
import { settle } from '../../src/zone/check.ts';
import { differences } from '../../src/zone/differences.ts';
import type { Image } from '../../src/zone/image.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { groupRows } from '../../src/zone/rows.ts';
import type { Change } from '../../src/zone/thaw.ts';

/** What makes the image say what the zone's text does, whether that is allowed or not. */
export function changesIn(image: Image, apex: Name, text: string): Change[] {
  const records = parseZoneText(apex, `${text}\n`, []);
  settle(records);
  return differences(records, groupRows(records), image, Number.POSITIVE_INFINITY) as Change[];
}

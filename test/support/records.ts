/**
 * Records of a zone as text, for tests to compare.
 */
import { classText, typeText } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import type { Records } from '../../src/zone/records.ts';

/** `owner TTL class type data` of each row that was not dropped, in the file's order. */
export function recordTexts(records: Records): string[] {
  const texts: string[] = [];
  for (let row = 0; row < records.count; row++) {
    const type = records.type[row] as number;
    if (type === 0) continue;
    const owner = nameText(records.name(records.owner[row] as number));
    const rdata = rdataText(type, records.rdata(row));
    texts.push(`${owner} ${records.ttl[row]} ${classText(records.klass)} ${typeText(type)} ${rdata}`);
  }
  return texts;
}

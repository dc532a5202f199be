/**
 * What loading a zone promises, whatever the file holds: it ends, it never throws, it complains within
 * bounds, and a zone without errors can be frozen, served, and written as text that reads back to the same.
 */
import { strict as assert } from 'node:assert';
import { COMPLAINTS_MAX } from '../../src/base/limits.ts';
import { typeText } from '../../src/wire/codes.ts';
import { type Name, nameFromText, nameText, ROOT } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { checkZone, settle } from '../../src/zone/check.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { type Complaint, complaintText, hasErrors } from '../../src/zone/complaint.ts';
import { Image } from '../../src/zone/image.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import type { Records } from '../../src/zone/records.ts';
import type { Tree } from '../../src/zone/tree.ts';
import { ask, name, pipeline } from '../support/authority.ts';

const QUESTIONS_MAX = 5;
/** A bound for each severity, at each of the two stages, and one line that counts the rest. */
const COMPLAINTS_BOUND = 4 * (COMPLAINTS_MAX + 1);

export function checkZoneText(input: Uint8Array): void {
  const before = input.slice();
  const complaints: Complaint[] = [];
  const records = parseZoneText(apexOf(input), input, complaints);
  const tree = checkZone(records, complaints);
  assert(complaints.length <= COMPLAINTS_BOUND, 'complaints are bounded');
  for (const complaint of complaints) checkComplaint(complaint);
  if (!hasErrors(complaints)) checkServed(records, tree);
  assert.deepEqual(input, before, 'a file is not changed');
}

/** Made zones begin with their apex; the golden ones are of example.com. */
function apexOf(input: Uint8Array): Name {
  const [word = ''] = Buffer.from(input.subarray(0, 80)).toString('latin1').split(' ');
  const apex = word.endsWith('.') ? nameFromText(word) : undefined;
  return apex ?? name('example.com.');
}

/** LIMITS A9: what a stranger wrote is told in one printable line. */
function checkComplaint(complaint: Complaint): void {
  const text = complaintText(complaint);
  assert(!/\p{Cc}/u.test(text), JSON.stringify(text));
  assert(complaint.line >= 0 && complaint.column >= 0 && complaint.text.length > 0);
}

function checkServed(records: Records, tree: Tree): void {
  settle(records);
  const image = new Image(compileZone(records, tree));
  const subject = pipeline(new Catalog([image]));
  for (let row = 0; row < Math.min(records.count, QUESTIONS_MAX); row++) {
    const type = records.type[row] as number;
    if (type === 0) continue; // A duplicate, dropped.
    const owner = nameText(records.name(records.owner[row] as number));
    const { rcode } = ask(subject, `${owner} ${typeText(type)}`, { tcp: true });
    assert([0, 3, 6].includes(rcode), `${owner} ${typeText(type)} is answered with RCODE ${rcode}`);
    checkText(type, records.rdata(row));
  }
}

function checkText(type: number, rdata: Uint8Array): void {
  const text = rdataText(type, rdata);
  const complaints: Complaint[] = [];
  const again = parseZoneText(ROOT, `. 0 IN ${typeText(type)} ${text}\n`, complaints);
  assert.equal(complaints.map(complaintText).join(), '', text);
  assert.deepEqual(again.rdata(0), rdata, text);
}

/**
 * What reading cairn.yaml promises, whatever the file holds: it ends, it never throws, and it gives either
 * settings or complaints; these are bounded, of one printable line each, and tell the place.
 */
import { strict as assert } from 'node:assert';
import { COMPLAINTS_MAX } from '../../src/base/limits.ts';
import { settle } from '../../src/control/config.ts';
import { readConfigText } from '../../src/control/config-text.ts';
import { complaintText, hasErrors } from '../../src/zone/complaint.ts';

const FILE = 'cairn.yaml';
/** As many errors and as many warnings as are told, and a line that counts the rest of each. */
const COMPLAINTS_BOUND = 2 * (COMPLAINTS_MAX + 1);

export function checkConfig(input: Uint8Array): void {
  const text = Buffer.from(input).toString('utf8');
  const lines = text.split(/\r\n|\n|\r/);
  const { settings, complaints } = settle(readConfigText(FILE, text), '.', {});
  assert.equal(settings === undefined, hasErrors(complaints), 'settings, or a reason why there are none');
  assert(complaints.length <= COMPLAINTS_BOUND, 'complaints are bounded');
  for (const complaint of complaints) {
    assert(!/\p{Cc}/u.test(complaintText(complaint)), JSON.stringify(complaint.text));
    assert(complaint.line >= 1 && complaint.line <= lines.length, `line ${complaint.line}`);
    assert(complaint.column >= 1, `column ${complaint.column}`);
  }
}

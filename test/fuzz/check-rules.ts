/**
 * What reading a list of rules promises, whatever the file holds and whatever format it is taken for: it
 * ends, it never throws or changes the file, it complains within bounds, in printable lines, and what has no
 * errors can be asked about any name and any address.
 */
import { strict as assert } from 'node:assert';
import { COMPLAINTS_MAX } from '../../src/base/limits.ts';
import { compileList } from '../../src/rules/compile.ts';
import { Rulebook } from '../../src/rules/rulebook.ts';
import { RULE_FORMATS } from '../../src/rules/settings.ts';
import { Type } from '../../src/wire/codes.ts';
import { type Name, nameFromText } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { type Complaint, complaintText, hasErrors } from '../../src/zone/complaint.ts';

const COMPLAINTS_BOUND = 4 * (COMPLAINTS_MAX + 1);

const name = (text: string): Name => nameFromText(text) as Name;
const NAMES = ['.', 'example.com', 'www.ads.example', 'a.b.c.lan', `${'a.'.repeat(126)}`].map(name);
const answer = [Uint8Array.of(10, 0, 0, 1), Uint8Array.of(192, 0, 2, 1)].map((address) => ({
  ...{ owner: NAMES[1] as Name, ttl: 1 },
  block: packRrset(Type.A, 1, [address]),
}));

export function checkRules(input: Uint8Array): void {
  const before = input.slice();
  for (const format of RULE_FORMATS) {
    const complaints: Complaint[] = [];
    const list = { name: 'list', file: undefined, text: '', format, answer: 'nxdomain', ede: 15 } as const;
    const image = compileList({ ...list, ttlSeconds: 60 }, input, complaints);
    assert.equal(image === undefined, hasErrors(complaints), 'rules, or a reason why there are none');
    assert(complaints.length <= COMPLAINTS_BOUND, 'complaints are bounded');
    for (const complaint of complaints) assert(!/\p{Cc}/u.test(complaintText(complaint)), complaint.text);
    if (image === undefined) continue;
    const book = new Rulebook({
      lists: [{ name: 'list', image, isData: false, ede: 15 }],
      rebinding: undefined,
    });
    for (const asked of NAMES) {
      for (const type of [Type.A, Type.CNAME, Type.ANY]) book.ofName({ name: asked, type }, false);
    }
    book.ofAnswer({ name: NAMES[1] as Name, type: Type.A }, answer, Number.POSITIVE_INFINITY);
  }
  assert.deepEqual(input, before, 'a file is not changed');
}

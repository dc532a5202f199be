/**
 * A change against its meaning: whatever is changed, every answer is that of the zone written down and loaded
 * afresh, and who still reads the version before gets the answers of before.
 */
import { describe, expect, test } from 'vitest';
import { Catalog } from '../../src/zone/catalog.ts';
import { change } from '../../src/zone/change.ts';
import { checkZone, settle } from '../../src/zone/check.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { type Complaint, complaintText, hasErrors } from '../../src/zone/complaint.ts';
import { Image } from '../../src/zone/image.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { thaw } from '../../src/zone/thaw.ts';
import { type MadeRecord, recordLine } from '../oracle/record.ts';
import { makeZone } from '../oracle/zone.ts';
import { exchange, name, pipeline, queryFor } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { changesIn } from '../support/changes.ts';

const APEX = 'test.';
const LABELS = ['a', 'b', 'c', '*', 'ns', 'new'];
const TYPES = ['A', 'AAAA', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'SRV', 'DS', 'DNAME', 'HTTPS', 'ANY'];
const NAMES = [
  APEX,
  ...LABELS.map((one) => `${one}.${APEX}`),
  ...LABELS.flatMap((one) => LABELS.map((two) => `${one}.${two}.${APEX}`)),
  ...LABELS.flatMap((one) => LABELS.map((two) => `${one}.b.${two}.${APEX}`)),
];

const QUERIES = NAMES.flatMap((each) => TYPES.map((type) => `${each} ${type}`)).map(
  (question) => [question, queryFor(question, { dnssecOk: true })] as const,
);

/** Everything the zone says. */
function sayings(zone: Image): string[] {
  const subject = pipeline(new Catalog([zone]));
  return QUERIES.map(([question, packet]) => {
    const answer = exchange(subject, packet, 'tcp') as Uint8Array;
    return `${question}: ${Buffer.from(answer).toString('latin1')}`;
  });
}

function fresh(records: readonly MadeRecord[]): Image | undefined {
  const complaints: Complaint[] = [];
  const read = parseZoneText(name(APEX), `${records.map(recordLine).join('\n')}\n`, complaints);
  const tree = checkZone(read, complaints);
  if (hasErrors(complaints)) return undefined;
  settle(read);
  return new Image(compileZone(read, tree));
}

const compiled = (records: ReturnType<typeof thaw>): Image => {
  const complaints: Complaint[] = [];
  const tree = checkZone(records, complaints);
  expect(complaints.filter((each) => each.severity === 'error').map(complaintText)).toEqual([]);
  settle(records);
  return new Image(compileZone(records, tree));
};

/** Some names of one zone as they are in the other. */
function mixed(from: readonly MadeRecord[], to: readonly MadeRecord[], chance: Chance): MadeRecord[] {
  const owners = [...new Set([...from, ...to].map(({ owner }) => owner))];
  const moved = new Set(owners.filter(() => chance.percent(30)));
  return [...from.filter(({ owner }) => !moved.has(owner)), ...to.filter(({ owner }) => moved.has(owner))];
}

describe('random zones and random changes', () => {
  test.each(Array.from({ length: 6 }, (_, seed) => seed))('seed %i', (seed) => {
    const chance = new Chance(seed);
    let records = makeZone(APEX, [APEX], chance);
    let zone = fresh(records) as Image;
    const versions: [Image, string[]][] = [[zone, sayings(zone)]];
    for (let round = 0; round < 5; round++) {
      const next = mixed(records, makeZone(APEX, [APEX], chance), chance);
      const expected = fresh(next);
      const changes = changesIn(zone, name(APEX), next.map(recordLine).join('\n'));
      const verdict = change(zone, changes);
      if (expected === undefined) {
        expect(verdict.kind).not.toBe('changed');
        continue;
      }
      expect(verdict.kind).not.toBe('refused');
      const result = verdict.kind === 'changed' ? verdict.image : compiled(thaw(zone, changes));
      const said = sayings(result);
      expect(said).toEqual(sayings(expected));
      expect(result).toMatchObject({
        recordCount: expected.recordCount,
        serial: expected.serial,
        negativeTtl: expected.negativeTtl,
      });
      expect([...result.nodes()].length).toBe([...expected.nodes()].length);
      versions.push([result, said]);
      [zone, records] = [result, next];
    }
    for (const [version, said] of versions) expect(sayings(version)).toEqual(said);
  });
});

/**
 * The example zones, as an operator would have them: nothing to complain about, every type of record shown,
 * and BIND of the same opinion where it is installed.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isMetaType, Type } from '../../src/wire/codes.ts';
import { checkZone } from '../../src/zone/check.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { loadZones } from '../../src/zone/loader.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { name, SOA_AND_NS } from '../support/authority.ts';

const files = readdirSync('zones').filter((file) => file.endsWith('.zone'));
const apexes = files.map((file) => file.replace(/\.zone$/, ''));

test('nothing is wrong with them, all loaded together', async () => {
  const zones = apexes.map((apex) => ({ apex, file: `zones/${apex}.zone`, root: 'zones' }));
  const { zones: loaded, complaints } = await loadZones(zones);
  expect(complaints.map(complaintText)).toEqual([]);
  expect(loaded).toHaveLength(files.length);
});

test('there are forward zones, a child beside its parent, and both kinds of reverse zone', () => {
  const expected = ['example.com', 'lab.example.com', 'example.net', '2.0.192.in-addr.arpa'];
  expect(apexes).toEqual(expect.arrayContaining([...expected, '8.b.d.0.1.0.0.2.ip6.arpa']));
});

test('the zone that the guide to pools opens with is right', () => {
  const [, text] = /^```\n(.*?)^```/ms.exec(readFileSync('docs/POOLS.md', 'utf8')) ?? [];
  const complaints: Complaint[] = [];
  const records = parseZoneText(name('example.com.'), `$TTL 60\n${SOA_AND_NS}${text}`, complaints);
  checkZone(records, complaints, new Set(['web']));
  expect(complaints.map(complaintText)).toEqual([]);
  expect([...records.type].filter((type) => type === Type.POOL)).toHaveLength(5);
});

/** Known so that they are read and compressed rightly (RFC 3597 §4), and nothing to learn from. */
const OBSOLETE = new Set(['MD', 'MF', 'MB', 'MG', 'MR', 'NULL', 'MINFO', 'RT', 'SIG', 'KEY', 'PX', 'KX']);

test('every type of record that is in use is shown', () => {
  const text = [...files, 'parts/types.inc'].map((file) => readFileSync(`zones/${file}`, 'utf8')).join('\n');
  const bare = text.replace(/;.*$/gm, '');
  const unseen = Object.entries(Type)
    .filter(([name, type]) => !isMetaType(type) && !OBSOLETE.has(name))
    .map(([name]) => name)
    .filter((name) => !new RegExp(`\\s${name}\\s`).test(bare));
  expect(unseen).toEqual([]);
});

const hasBind = spawnSync('named-checkzone', ['-v']).status === 0;
/** A type of ours is in it. */
const OURS = 'pools.example';
describe.skipIf(!hasBind)('BIND reads them without a word', () => {
  test.each(apexes.filter((apex) => apex !== OURS))('%s', (apex) => {
    const args = ['-i', 'local', '-k', 'fail', '-q', '-w', 'zones', apex, `${apex}.zone`];
    const run = spawnSync('named-checkzone', args, { encoding: 'utf8' });
    const said = (run.stdout + run.stderr)
      .split('\n')
      .filter((line) => line !== '' && !/SPF record/.test(line));
    expect({ status: run.status, said }).toEqual({ status: 0, said: [] });
  });
});

/**
 * `recursion.rules` and `recursion.rebinding` as an operator writes them, and as they are read: all of it or
 * nothing, and what has not changed is not made again.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { settle } from '../../src/control/config.ts';
import { readConfigText } from '../../src/control/config-text.ts';
import { readAll } from '../../src/control/load.ts';
import type { Settings } from '../../src/control/settings.ts';
import { RuleImage } from '../../src/rules/image.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import { folderOf } from '../operation/server.ts';

const configured = (yaml: string, folder = '/etc/cairn') =>
  settle(readConfigText('cairn.yaml', yaml), folder, {});

const recursion = (yaml: string): Settings['recursion'] => {
  const { settings, complaints } = configured(yaml);
  if (settings === undefined) throw new Error(complaints.map(complaintText).join('\n'));
  return settings.recursion;
};

const told = (yaml: string): string[] => configured(yaml).complaints.map(complaintText);

test('a list has a name, a text or a file, an answer and its error', () => {
  const { rules } = recursion(`recursion:
  rules:
    - { names: [a.example, '*.b.example'], answer: pass }
    - { name: lan, records: ['printer.lan A 10.0.0.7'], ttl: 5m }
    - file: lists/ads.txt
    - { file: /srv/hosts, format: hosts, answer: [0.0.0.0, '::'], ede: filtered }
    - { file: policy.rpz, format: rpz, ede: false }
    - { name: safe, names: [x.example], answer: { alias: y.example }, ede: censored }
`);
  const common = { answer: 'nxdomain', ede: 15, ttlSeconds: 60, text: '', file: undefined };
  expect(rules).toEqual([
    { ...common, name: 'rules[0]', format: 'domains', text: 'a.example\n*.b.example', answer: 'pass' },
    {
      ...{ ...common, name: 'lan', format: 'records', text: 'printer.lan A 10.0.0.7' },
      ...{ ede: undefined, ttlSeconds: 300 },
    },
    { ...common, name: 'ads', format: 'domains', file: '/etc/cairn/lists/ads.txt' },
    {
      ...{ ...common, name: 'hosts', format: 'hosts', file: '/srv/hosts', ede: 17 },
      answer: { addresses: ['0.0.0.0', '::'] },
    },
    { ...common, name: 'policy', format: 'rpz', file: '/etc/cairn/policy.rpz', ede: undefined },
    {
      ...common,
      name: 'safe',
      format: 'domains',
      text: 'x.example',
      answer: { alias: 'y.example' },
      ede: 16,
    },
  ]);
});

test('rebinding protection is off, and on with the addresses of this network', () => {
  expect(recursion('').rebinding).toBeUndefined();
  const { rebinding } = recursion('recursion: { rebinding: { enabled: true, allow: [corp.example] } }');
  expect(rebinding?.allow).toEqual(['corp.example']);
  expect(rebinding?.addresses).toContain('192.168.0.0/16');
});

test.each([
  ['{}', '12: error: recursion.rules[0]: expected one of the keys file, names and records, found a table'],
  ['{ file: a, names: [b.c] }', '12: error: recursion.rules[0]: expected one of the keys file, names'],
  ['{ names: [a b] }', '22: error: recursion.rules[0].names[0]: expected a domain name, or *. and one'],
  ['{ names: [a.b], format: hosts }', '36: error: recursion.rules[0].format: expected a format only for'],
  ['{ file: x, format: csv }', '31: error: recursion.rules[0].format: expected one of domains, hosts, rpz'],
  ['{ file: x, answer: nope }', '31: error: recursion.rules[0].answer: expected one of nxdomain, nodata'],
  ['{ file: x, answer: [1.2.3] }', '32: error: recursion.rules[0].answer[0]: expected an address'],
  [
    `{ file: x, answer: [${Array(33).fill('10.0.0.1').join()}] }`,
    '31: error: recursion.rules[0].answer: expected one of nxdomain, nodata, refused, drop, pass, 1 to 32',
  ],
  ['{ file: x, answer: { alias: a..b } }', '40: error: recursion.rules[0].answer.alias: expected a domain'],
  ['{ file: x, ede: 99 }', '28: error: recursion.rules[0].ede: expected one of blocked, censored'],
  ['{ file: x, format: rpz, answer: pass }', '44: error: recursion.rules[0].answer: expected no answer'],
  ['{ records: [x A 1.2] }', '24: error: recursion.rules[0].records[0]: expected a record as in a zone file'],
  ['{ file: d/x }, { file: e/x.txt }', '27: error: recursion.rules[1].name: expected a name that no other'],
])('%s is told where it stands', (list, complaint) => {
  const [first, ...others] = told(`recursion:\n  rules: [ ${list} ]`);
  expect(others).toEqual([]);
  expect(first?.replace('cairn.yaml:2:', '').slice(0, complaint.length)).toBe(complaint);
});

let files: ReturnType<typeof folderOf>;
beforeEach(() => {
  files = folderOf({ 'ads.txt': 'ads.example\n', 'hosts.txt': '0.0.0.0 hosts.example\n' });
});
afterEach(() => files.remove());

const RULES = 'recursion:\n  rules: [{ file: ads.txt }, { file: hosts.txt, format: hosts }]';
const settings = (yaml = RULES): Settings => configured(yaml, files.path('')).settings as Settings;

test('rule files are read and watched', async () => {
  const { loadout, complaints, watched } = await readAll(settings());
  expect(complaints).toEqual([]);
  expect(watched.files).toEqual([files.path('ads.txt'), files.path('hosts.txt')]);
  expect(loadout?.rules.map(({ image }) => new RuleImage(image).rules)).toEqual([1, 1]);
});

test('a list that has not changed is not made again, and one that has goes on counting', async () => {
  const before = await readAll(settings());
  const served = before.loadout!;
  const [ads, hosts] = served.rules.map(({ image }) => image) as [SharedArrayBuffer, SharedArrayBuffer];
  new RuleImage(ads).countAnswer();
  files.write('ads.txt', 'ads.example\nmore.example\n');
  const { loadout } = await readAll(settings(), { origins: new Map(), ...served });
  const [adsNow, hostsNow] = loadout!.rules.map(({ image }) => image) as [
    SharedArrayBuffer,
    SharedArrayBuffer,
  ];
  expect(hostsNow).toBe(hosts);
  expect([new RuleImage(adsNow).rules, new RuleImage(adsNow).answers]).toEqual([2, 1]);
  const other = settings(RULES.replace('ads.txt', 'ads.txt, answer: refused'));
  const { loadout: answered } = await readAll(other, { origins: new Map(), ...loadout! });
  expect(answered?.rules.map(({ image }) => image !== adsNow && image !== hostsNow)).toEqual([true, false]);
});

test('all complaints of all lists are told, and nothing is taken', async () => {
  files.write('ads.txt', 'ads.example\nno name\n?\n');
  const { loadout, complaints } = await readAll(
    settings(`${RULES.slice(0, -1)}, { file: gone.rpz, format: rpz }]`),
  );
  expect(loadout).toBeUndefined();
  const texts = complaints.map((complaint) => complaintText(complaint).replace(`${files.path('')}/`, ''));
  expect(texts).toEqual([
    expect.stringMatching(/^ads\.txt:2:1: error: expected a domain name .*, found "no name"$/),
    expect.stringMatching(/^ads\.txt:3:1: error: /),
    expect.stringMatching(/^gone\.rpz: error: expected a file of rules that can be read \(ENOENT/),
  ]);
});

test('a folder, or where nothing is resolved, is not read', async () => {
  const folder = settings(`recursion: { rules: [{ file: '.', name: x }] }`);
  expect((await readAll(folder)).complaints).toHaveLength(1);
  const off = { ...folder, recursion: { ...folder.recursion, enabled: false } };
  expect(await readAll(off)).toMatchObject({ complaints: [], loadout: { rules: [] } });
});

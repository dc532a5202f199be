/** The hosts file: what is read, what is complained of, what is answered. */
import { expect, test } from 'vitest';
import { parseHosts } from '../../src/resolver/hosts.ts';
import { Type } from '../../src/wire/codes.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import { blockText, name } from './messages.ts';

const FILE = `
# the usual
127.0.0.1\tlocalhost
::1       localhost ip6-localhost
10.0.0.7  nas.home NAS   # two names
10.0.0.8  nas.home
10.0.0.7  nas.home
fe80::1%lo0 localhost
`;

const ask = (text: string, owner: string, type: number): string => {
  const { hosts } = parseHosts(text, 'hosts');
  const outcome = hosts.find(name(owner), type);
  return outcome === undefined
    ? 'unknown'
    : outcome.answer.map(({ block }) => blockText(block)).join() || 'no data';
};

test.each([
  ['nas.home', Type.A, 'A 600 10.0.0.7 10.0.0.8'],
  ['nas', Type.A, 'A 600 10.0.0.7'],
  ['localhost', Type.AAAA, 'AAAA 600 ::1'],
  ['ip6-localhost', Type.A, 'no data'],
  ['nas.home', Type.MX, 'unknown'],
  ['other.home', Type.A, 'unknown'],
  ['7.0.0.10.in-addr.arpa', Type.PTR, 'PTR 600 nas.home.'],
  ['7.0.0.10.in-addr.arpa', Type.A, 'unknown'],
  [`1.${'0.'.repeat(31)}ip6.arpa`, Type.PTR, 'PTR 600 localhost.'],
])('%s type %i is %s', (owner, type, expected) => expect(ask(FILE, owner, type)).toBe(expected));

test('all that is wrong is told, with its line, and the rest is served', () => {
  const text =
    '10.0.0.1 good\n10.0.0.256 bad\nnowhere name\n10.0.0.2\n\n10.0.0.3 a..b\n10.0.0.4 also-good\r\n';
  const { hosts, complaints } = parseHosts(text, 'hosts');
  expect(complaints.map(complaintText)).toEqual([
    'hosts:2: error: 10.0.0.256: expected an IPv4 or IPv6 address',
    'hosts:3: error: nowhere: expected an IPv4 or IPv6 address',
    'hosts:4: error: 10.0.0.2: expected a name after the address',
    'hosts:6: error: a..b: expected a host name',
  ]);
  expect(hosts.find(name('good'), Type.A)).toBeDefined();
  expect(hosts.find(name('also-good'), Type.A)).toBeDefined();
});

test('a list of a hundred thousand blocked names is read, and its address has a bounded PTR', () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `0.0.0.0 ad${i}.test`).join('\n');
  const { hosts, complaints } = parseHosts(text, 'hosts');
  expect(complaints).toEqual([]);
  expect(hosts.size).toBe(100_001);
  const ptr = hosts.find(name('0.0.0.0.in-addr.arpa'), Type.PTR);
  expect(blockText(ptr?.answer[0]?.block).split(' ')).toHaveLength(102);
});

test('magic words are ordinary names', () => {
  expect(ask('10.0.0.1 __proto__ constructor', '__proto__', Type.A)).toBe('A 600 10.0.0.1');
  expect(ask('10.0.0.1 x', 'constructor', Type.A)).toBe('unknown');
});

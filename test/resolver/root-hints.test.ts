/** Root hints from a master file [RFC 9609 §2]. */
import { expect, test } from 'vitest';
import { parseRootHints } from '../../src/resolver/root-hints.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import { plain } from './messages.ts';

test('servers of the root and their addresses are read, whatever the order', () => {
  const { rootHints, complaints } = parseRootHints(
    [
      'a.root-servers.net. 3600000 A 198.41.0.4',
      '. 3600000 NS A.ROOT-SERVERS.NET.',
      '. 3600000 NS b.root-servers.net.',
      'a.root-servers.net. 3600000 AAAA 2001:503:ba3e::2:30',
      'b.root-servers.net. 3600000 A 170.247.170.2',
      'c.root-servers.net. 3600000 A 192.33.4.12 ; not a server by any NS',
    ].join('\n'),
    'root.hints',
  );
  expect(complaints).toEqual([]);
  expect(rootHints.map(({ name, addresses }) => `${plain(name)} ${addresses}`)).toEqual([
    'a.root-servers.net. 198.41.0.4,2001:503:ba3e::2:30',
    'b.root-servers.net. 170.247.170.2',
  ]);
});

test.each([
  ['', 'root.hints: error: no NS record of the root: expected one per root server'],
  ['com. 1 NS a.test.', 'root.hints: error: no NS record of the root: expected one per root server'],
  ['. 1 NS a.test.', 'root.hints: error: no address of any root server: expected A or AAAA records'],
  ['. 1 NS a.test.\n. 1 NS b.test.\na.test. 1 A 192.0.2.1', 'root.hints: warning: no address of b.test.'],
])('%j is complained of', (text, complaint) => {
  expect(parseRootHints(text, 'root.hints').complaints.map(complaintText)).toContain(complaint);
});

test('what the parser complains of is passed on, with its line', () => {
  const { complaints } = parseRootHints('. 1 NS a.test.\na.test. 1 A 192.0.2.999', 'root.hints');
  expect(complaints.map(complaintText)[0]).toMatch(/^root\.hints:2:/);
});

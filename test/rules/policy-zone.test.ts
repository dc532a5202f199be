/**
 * Response policy zones as files; what their rules do is told in test/scenarios/rules.txt.
 */
import { expect, test } from 'vitest';
import { parseIpv6 } from '../../src/base/ip.ts';
import { compiled, lineFor } from './lists.ts';

const SOA = '@ 60 SOA ns h 1 1 1 1 60';

test.each([
  ['relative names', `${SOA}\nads.example 60 CNAME .`],
  ['an origin', `$ORIGIN rpz.local.\n${SOA}\nads.example 60 CNAME .`],
  ['absolute names', 'rpz.local. 60 SOA ns. h. 1 1 1 1 60\nads.example.rpz.local. 60 CNAME .'],
])('the apex is where the SOA is: %s', (_, text) => {
  const { image, complaints } = compiled('rpz', text);
  expect(complaints).toEqual([]);
  expect(lineFor(image, 'ads.example')).toBeGreaterThan(0);
  expect(image?.rules).toBe(1);
});

test.each([
  ['ads.example 60 CNAME .', 'ads.txt: error: expected one SOA, at the apex of the policy zone'],
  [`${SOA}\nx ${SOA.slice(2)}`, 'ads.txt: error: expected one SOA, at the apex of the policy zone'],
  [
    '$ORIGIN rpz.\n@ 60 SOA ns h 1 1 1 1 60\nads.example. 60 CNAME .',
    'ads.txt:3: error: expected a name in the policy zone rpz., found ads.example.',
  ],
  [`${SOA}\nx 60 CNAME .\nx 60 A 192.0.2.1`, 'ads.txt:3: error: expected nothing but one CNAME at x.'],
  [`${SOA}\nx 60 A nonsense`, 'ads.txt:2:8: error: expected an IPv4 address, found "nonsense"'],
  [
    `${SOA}\n33.1.2.0.192.rpz-ip 60 CNAME .`,
    'ads.txt:2: error: expected a prefix length from 1 to 32, found 33.1.2.0.192.rpz-ip.',
  ],
  [
    `${SOA}\n24.1.2.0.192.rpz-ip 60 CNAME .`,
    'ads.txt:2: error: expected an address whose bits behind the prefix are 0, found 24.1.2.0.192.rpz-ip.',
  ],
  [
    `${SOA}\n9.zz.1.zz.rpz-ip 60 CNAME .`,
    'ads.txt:2: error: expected an address in reverse order, with zz for ::, found 9.zz.1.zz.rpz-ip.',
  ],
  [`${SOA}\n$INCLUDE /etc/passwd`, 'ads.txt:2:10: error: expected no file, as this text itself is in none'],
])('%s is refused', (text, complaint) => {
  const { image, complaints } = compiled('rpz', text);
  expect(image).toBeUndefined();
  expect(complaints.map((told) => told.replace(/, found "\/etc.*/, ''))).toContain(complaint);
});

test('rules that are not done here are told, and the others count', () => {
  const text = [
    SOA,
    '32.1.2.0.192.rpz-client-ip 60 CNAME .',
    'ns.evil.example.rpz-nsdname 60 CNAME .',
    'ns.vile.example.rpz-nsdname 60 CNAME .',
    '32.2.2.0.192.rpz-nsip 60 CNAME .',
    'slow.example 60 CNAME rpz-tcp-only.',
    'ads.example 60 CNAME .',
  ].join('\n');
  const { image, complaints } = compiled('rpz', text);
  expect(complaints).toEqual([
    'ads.txt:2: warning: left out: rules with rpz-client-ip',
    'ads.txt:3: warning: left out, 2 times from here on: rules with rpz-nsdname',
    'ads.txt:5: warning: left out: rules with rpz-nsip',
    'ads.txt:6: warning: left out: answers by TCP only (rpz-tcp-only)',
  ]);
  expect(image?.rules).toBe(1);
  expect(lineFor(image, 'ads.example')).toBe(7);
});

test('a prefix of IPv6', () => {
  const { image } = compiled('rpz', `${SOA}\n48.zz.1.db8.2001.rpz-ip 60 CNAME .`);
  const found = ['2001:db8:1::7', '2001:db8:2::7'].map((text) =>
    image?.findAddress(parseIpv6(text) as Uint8Array),
  );
  expect(found.map((entry) => entry !== 0)).toEqual([true, false]);
});

test.each([
  ['8.0.0.0.10.rpz-ip', '10.255.0.1', '11.0.0.1'],
  ['32.1.2.0.192.rpz-ip', '192.0.2.1', '192.0.2.2'],
  ['17.0.128.168.192.rpz-ip', '192.168.200.1', '192.168.1.1'],
])('%s is about %s and not %s', (owner, inside, outside) => {
  const { image, complaints } = compiled('rpz', `${SOA}\n${owner} 60 CNAME .`);
  expect(complaints).toEqual([]);
  const lines = [inside, outside].map((text) =>
    image?.findAddress(Uint8Array.from(text.split('.').map(Number))),
  );
  expect(lines.map((entry) => entry !== 0)).toEqual([true, false]);
});

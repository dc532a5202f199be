/**
 * Pools in a zone: where a lookup meets them.
 */
import { expect, test } from 'vitest';
import { Type, typeFromText } from '../../src/wire/codes.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { nameText } from '../../src/wire/name.ts';
import { rrsetType } from '../../src/wire/rrset.ts';
import { Finding, lookup } from '../../src/zone/lookup.ts';
import { image, name, SOA_AND_NS } from '../support/authority.ts';

const zone = image(
  'z.test.',
  `$TTL 60
${SOA_AND_NS}
@ POOL use=www
www POOL 192.0.2.1 weight=1
www POOL 192.0.2.2 weight=1
www TXT beside
alone POOL 192.0.2.1
*.wild POOL 192.0.2.1
below.ent POOL 192.0.2.1
alias POOL host.example.net.
alias POOL * as=cname
cut NS ns.example.net.
host.cut A 192.0.2.9
`,
);

/** `kind`, the node it is found at, and what type is there. */
function found(owner: string, type: string): string {
  const hashed = new HashedName();
  hashed.set(name(owner), 0);
  const { kind, node, rrset } = lookup(zone, hashed, typeFromText(type) as number, new Finding());
  const isPool = rrset !== 0 && rrsetType(zone.bytes, rrset) === Type.POOL;
  return `${kind} ${nameText(zone.bytes, zone.nameAt(node))}${isPool ? ' POOL' : ''}`;
}

test.each(['A', 'AAAA', 'SRV', 'HTTPS', 'SVCB', 'POOL'])('%s is found as the pool', (type) => {
  expect(found('www.z.test.', type)).toBe('pool www.z.test. POOL');
  expect(found('z.test.', type)).toBe('pool z.test. POOL');
  expect(found('a.b.wild.z.test.', type)).toBe('pool *.wild.z.test. POOL');
  expect(found('below.ent.z.test.', type)).toBe('pool below.ent.z.test. POOL');
});

test('other types are as without it', () => {
  expect(found('www.z.test.', 'TXT')).toBe('data www.z.test.');
  expect(found('www.z.test.', 'MX')).toBe('nodata www.z.test.');
  expect(found('z.test.', 'SOA')).toBe('data z.test.');
  expect(found('ent.z.test.', 'A')).toBe('nodata ent.z.test.');
  expect(found('x.www.z.test.', 'A')).toBe('nxdomain www.z.test.');
});

test('ANY is the pool only where there is nothing else (RFC 8482 §4.1)', () => {
  expect(found('www.z.test.', 'ANY')).toBe('data www.z.test.');
  expect(found('alone.z.test.', 'ANY')).toBe('pool alone.z.test. POOL');
});

test('a CNAME is not, for who keeps it would follow it for all other types (RFC 1034 §3.6.2)', () => {
  expect(found('z.test.', 'CNAME')).toBe('nodata z.test.');
});

test('what answers as a CNAME does so for any type', () => {
  const types = ['A', 'TXT', 'MX', 'DS', 'CNAME', 'ANY'];
  for (const type of types) expect(found('alias.z.test.', type)).toBe('pool alias.z.test. POOL');
});

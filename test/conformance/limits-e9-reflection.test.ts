/**
 * docs/LIMITS.md, E9: questions in somebody else's name. 50,000 a second from one /24 get no more bytes than
 * they bring, whatever they ask for; a real client with a cookie gets all its answers meanwhile.
 */
import { describe, expect, test } from 'vitest';
import { RateLimit } from '../../src/server/rate-limit.ts';
import { EdnsOption, Type } from '../../src/wire/codes.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { cookiesOf, type From, flood, Guarded, unhex } from '../support/guarded.ts';

const NAMES = 3_000;
/** Each answer fills a datagram. */
const texts = Array.from({ length: 5 }, () => `"${'x'.repeat(200)}"`).join(' ');
const zone = Array.from({ length: NAMES }, (_, i) => `n${i} TXT ${texts}\n`).join('');
const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\n${zone}*.wild TXT ${texts}\nsub NS ns.sub\n` });

const RATES = { responses: 50, nxdomains: 50, errors: 50, total: 500, windowMs: 15_000, slip: 2 };
const guarded = (total = RATES.total): Guarded =>
  new Guarded(zones, (clock) => ({
    limit: new RateLimit({ ...RATES, total }, clock),
    cookies: cookiesOf(clock),
    requireOverLimit: true,
    nsid: new Uint8Array(128).fill(0x41),
  }));

const existing = (i: number): string => `n${(7 * i) % NAMES}.own.`;
const mixed = (i: number): string =>
  [existing(i), `r${i % 9973}.${['own', 'wild.own', 'sub.own', 'elsewhere'][(i >> 1) % 4]}.`][
    i % 2
  ] as string;
const CLIENT_COOKIE = [EdnsOption.COOKIE, '0102030405060708'] as const;

describe('E9: 50,000 questions a second from one /24', () => {
  test.each<[string, (i: number) => string, From]>([
    ['for many names that are', existing, {}],
    ['for many names without EDNS', existing, { noEdns: true }],
    ['for names that are and names that are not', mixed, {}],
    ['that want to know who we are', mixed, { options: [[EdnsOption.NSID, '']] }],
    ['that know of cookies', mixed, { options: [CLIENT_COOKIE, [EdnsOption.NSID, '']] }],
    ['from an IPv6 /56', existing, { address: '2001:db8::7' }],
  ])('%s get no more bytes than they bring', (_, question, from) => {
    const { bytesIn, bytesOut } = flood(guarded(), 3_000, 50, question, { type: Type.TXT, ...from });
    expect(bytesOut).toBeLessThanOrEqual(bytesIn);
  });

  test('would get more if nothing were counted but each name by itself', () => {
    const { bytesIn, bytesOut } = flood(guarded(0), 500, 50, existing, { type: Type.TXT });
    expect(bytesOut).toBeGreaterThan(5 * bytesIn);
  });

  test('cost a real client with a cookie, or over TCP, none of its answers', () => {
    const subject = guarded();
    const from: From = { address: '198.51.100.9', type: Type.TXT };
    const given = subject.option(
      EdnsOption.COOKIE,
      subject.ask('n1.own.', { ...from, options: [CLIENT_COOKIE] }),
    );
    expect(unhex(given ?? '')).toHaveLength(24);
    const cookie: From = { ...from, options: [[EdnsOption.COOKIE, given ?? '']] };
    let answered = 0;
    for (let i = 0; i < 300; i++) {
      flood(subject, 1, 50, mixed, { type: Type.TXT });
      answered += flood(subject, 1, 1, existing, cookie).answered;
      answered += flood(subject, 1, 1, existing, { ...from, tcp: true }).answered;
    }
    expect(answered).toBe(600);
    expect(subject.counters.record().limitedDropped).toBeGreaterThan(4_000);
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { RateLimit, type RateVerdict } from '../../src/server/rate-limit.ts';
import { EdnsOption, Rcode, Type } from '../../src/wire/codes.ts';
import { Flag, readMessage } from '../../src/wire/message.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { Clock, cookiesOf, type From, flood, Guarded, prefixes } from '../support/guarded.ts';

const RATES = { responses: 50, nxdomains: 20, errors: 10, total: 0, windowMs: 15_000, slip: 2 };
const DEFAULT_RATES = { responses: 50, nxdomains: 50, errors: 50, total: 500, windowMs: 15_000, slip: 2 };
const V4 = Uint8Array.of(198, 51, 100, 7);

describe('an account', () => {
  let clock: Clock;
  let limit: RateLimit;
  const charge = (
    address = V4,
    thing = 1,
    kind: 'response' | 'nxdomain' | 'error' = 'response',
  ): RateVerdict => limit.charge(kind, address, thing);
  const sent = (times: number, one = charge): number =>
    Array.from({ length: times }, () => one()).filter((verdict) => verdict === 'send').length;

  beforeEach(() => {
    clock = new Clock();
    limit = new RateLimit(RATES, clock);
  });

  test('gives 2.5 seconds of responses at once, then every other one held back is a slip', () => {
    expect(sent(125)).toBe(125);
    expect([charge(), charge(), charge(), charge()]).toEqual(['drop', 'slip', 'drop', 'slip']);
  });

  test('is paid back at the rate', () => {
    sent(125);
    clock.ms += 1_000;
    expect(sent(100)).toBe(50);
  });

  test('a client at the rate is never limited', () => {
    let count = 0;
    for (let i = 0; i < 1_000; i++, clock.ms += 20) count += sent(1);
    expect(count).toBe(1_000);
  });

  test('a flood gets into debt for the window, and no further', () => {
    sent(100_000);
    clock.ms += 14_900;
    expect(sent(1)).toBe(0);
    clock.ms += 200;
    expect(sent(1)).toBe(1);
  });

  test('during a flood nothing but slips goes out', () => {
    sent(10_000);
    let count = 0;
    for (let second = 0; second < 10; second++, clock.ms += 1_000) count += sent(1_000);
    expect(count).toBe(0);
  });

  test.each([
    ['its neighbour in the /24', Uint8Array.of(198, 51, 100, 200), 0],
    ['the next /24', Uint8Array.of(198, 51, 101, 7), 1],
    [
      'an IPv6 address of the same bytes',
      Uint8Array.of(198, 51, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7),
      1,
    ],
  ])('%s', (_, address, passed) => {
    sent(1_000);
    expect(sent(1, () => charge(address))).toBe(passed);
  });

  test.each(
    [
      [6, 0],
      [7, 1],
    ].map(([byte, same]) => [byte as number, same as number]),
  )('of two IPv6 addresses that differ in byte %i', (byte, same) => {
    const here = Uint8Array.from({ length: 16 }, () => 0x20);
    const there = here.slice();
    there[byte] = 0x21;
    sent(1_000, () => charge(here));
    expect(sent(1, () => charge(there))).toBe(1 - same);
  });

  test('each thing answered and each kind has its own', () => {
    sent(1_000);
    expect(sent(1_000, () => charge(V4, 2))).toBe(125);
    expect(sent(1_000, () => charge(V4, 1, 'nxdomain'))).toBe(50);
    expect(sent(1_000, () => charge(V4, 1, 'error'))).toBe(25);
  });

  test('a rate of 0 is no limit, and slip 0 no slip', () => {
    limit.settings = { ...RATES, responses: 0, slip: 0 };
    expect(sent(10_000)).toBe(10_000);
    sent(1_000, () => charge(V4, 1, 'error'));
    expect([1, 2, 3].map(() => charge(V4, 1, 'error'))).toEqual(['drop', 'drop', 'drop']);
  });

  test('slip 1 lets all of them out', () => {
    limit.settings = { ...RATES, slip: 1 };
    sent(1_000);
    expect([charge(), charge()]).toEqual(['slip', 'slip']);
  });

  test('who floods is remembered while a million others come and go', () => {
    sent(100_000);
    const other = Uint8Array.of(0, 0, 0, 1);
    for (let i = 0; i < 1_000_000; i++) {
      other[0] = i;
      other[1] = i >> 8;
      other[2] = i >> 16;
      limit.charge('response', other, 0);
    }
    expect(sent(1)).toBe(0);
  });

  test('another thread that is given the memory sees the same debt', () => {
    sent(1_000);
    const other = new RateLimit(RATES, clock, limit.memory);
    expect(other.charge('response', V4, 1)).not.toBe('send');
  });

  test('a thread that looked at the clock before, and comes after another, forgives nobody', () => {
    sent(1_000);
    clock.ms -= 1;
    expect(sent(10)).toBe(0);
    clock.ms += 1;
    expect(sent(10)).toBe(0);
  });

  test('survives the millisecond word going round', () => {
    clock.ms = 2 ** 32 - 500;
    sent(1_000);
    clock.ms += 1_000;
    expect(sent(1)).toBe(0);
    clock.ms += 16_000;
    expect(sent(1)).toBe(1);
  });
});

describe('the account of a prefix as a whole', () => {
  let clock: Clock;
  let limit: RateLimit;
  beforeEach(() => {
    clock = new Clock();
    limit = new RateLimit({ ...DEFAULT_RATES, slip: 0 }, clock);
  });
  const answers = (count: number, thing: (i: number) => number, address = V4): number =>
    Array.from({ length: count }, (_, i) => limit.charge('response', address, thing(i))).filter(
      (verdict) => verdict === 'send',
    ).length;
  const each = (i: number): number => i + 1;

  test('gives 2.5 seconds of its rate at once, whatever is asked', () => {
    expect(answers(100_000, each)).toBe(1_250);
    expect(limit.heldFor).toBe('total');
    expect(answers(10_000, each, Uint8Array.of(198, 51, 101, 7))).toBe(1_250);
  });

  test('is a ceiling, not a verdict: a flood gets the rate, and nothing is held back after it', () => {
    answers(100_000, each);
    for (let second = 0; second < 5; second++) {
      clock.ms += 1_000;
      expect(answers(50_000, (i) => 100_000 * second + i)).toBe(500);
    }
    clock.ms += 3_000;
    expect(answers(2_000, (i) => 900_000 + i)).toBe(1_250);
  });

  test('lets a busy resolver pass that asks 500 things a second', () => {
    let passed = 0;
    for (let i = 0; i < 10_000; i++, clock.ms += 2) passed += answers(1, () => i);
    expect(passed).toBe(10_000);
  });

  test('is not charged what another account holds back: one flooded answer holds up no other', () => {
    expect(answers(100_000, () => 1)).toBe(125);
    expect(limit.heldFor).toBe('response');
    expect(answers(1_000, each)).toBe(999); // All but the flooded one itself.
  });

  test('is without limit at 0, and limits what else has none', () => {
    limit.settings = { ...DEFAULT_RATES, total: 0 };
    expect(answers(100_000, each)).toBe(100_000);
    limit.settings = { ...DEFAULT_RATES, responses: 0 };
    expect(answers(10_000, () => 1)).toBe(1_250);
  });

  test('is not forgotten for many prefixes that are asked for in between', () => {
    const anybody = Uint8Array.of(0, 0, 0, 1);
    let passed = 0;
    for (let i = 0; i < 400_000; i++) {
      if (i % 50 === 0) clock.ms += 1;
      anybody[0] = i;
      anybody[1] = i >> 8;
      anybody[2] = i >> 16;
      limit.charge('response', anybody, i);
      if (limit.charge('response', V4, i) === 'send') passed += 1;
    }
    // 8 seconds.
    expect(passed).toBeLessThanOrEqual(1_250 + 8 * 500);
  });
});

const zones = catalog({
  'own.': `
$TTL 60
${SOA_AND_NS}
www A 192.0.2.1
big TXT "${'x'.repeat(230)}"
*.wild A 192.0.2.2
sub NS ns.sub
ns.sub A 192.0.2.3
`,
  'other.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n`,
});
const guarded = (slip = 2): Guarded =>
  new Guarded(zones, (clock) => ({
    limit: new RateLimit({ ...DEFAULT_RATES, slip }, clock),
    exempt: prefixes('10.0.0.0/8'),
    cookies: cookiesOf(clock),
    requireOverLimit: true,
  }));

describe('a flood of 50,000 queries a second from one /24', () => {
  test.each([
    ['for a large answer', () => 'big.own.', { type: Type.TXT }],
    ['for the same', () => 'www.own.', {}],
    ['without EDNS', () => 'big.own.', { type: Type.TXT, noEdns: true }],
    ['for names that are not', (i: number) => `n${i}.own.`, {}],
    ['for names of a wildcard', (i: number) => `n${i}.wild.own.`, {}],
    ['for names below a cut', (i: number) => `n${i}.sub.own.`, {}],
    ['for names of others', (i: number) => `n${i}.elsewhere.`, {}],
    [
      'with client cookies',
      () => 'big.own.',
      { type: Type.TXT, options: [[EdnsOption.COOKIE, '0102030405060708']] },
    ],
  ] as [string, (i: number) => string, From][])('%s gets no more bytes than it sent', (_, question, from) => {
    const subject = guarded();
    const { bytesIn, bytesOut } = flood(subject, 1_000, 50, question, from);
    expect(bytesOut).toBeLessThanOrEqual(bytesIn);
    expect(subject.counters.record().limitedDropped).toBeGreaterThan(20_000);
  });

  test('leaves others alone: elsewhere, exempt, over TCP, or with a cookie', () => {
    const subject = guarded();
    const client = { options: [[EdnsOption.COOKIE, '0102030405060708']] } as From;
    const given = subject.option(
      EdnsOption.COOKIE,
      subject.ask('www.own.', { ...client, address: '198.51.100.9' }),
    );
    const withCookie: From = { address: '198.51.100.9', options: [[EdnsOption.COOKIE, given ?? '']] };
    flood(subject, 200, 50, () => 'www.own.');
    for (const from of [
      withCookie,
      { tcp: true },
      { address: '10.1.2.3' },
      { address: '10.1.2.3', noEdns: true },
    ]) {
      expect(flood(subject, 20, 50, () => 'www.own.', { address: '198.51.100.9', ...from }).answered).toBe(
        1_000,
      );
    }
    expect(
      flood(subject, 100, 1, (i) => (i % 2 ? 'www.own.' : 'none.own.'), { address: '203.0.113.9' }).answered,
    ).toBe(100);
    expect(subject.ask('www.other.', {})?.rcode).toBe(Rcode.NOERROR);
  });

  test('tells a real client among it to ask over TCP: nothing, TC, and the RCODE [slip]', () => {
    const subject = guarded(1);
    flood(subject, 20, 50, () => 'none.own.');
    const message = subject.ask('none.own.');
    expect(message).toMatchObject({ rcode: Rcode.NXDOMAIN, answer: [], authority: [] });
    expect((message?.flags ?? 0) & Flag.TC).not.toBe(0);
    expect(subject.counters.record().limitedTruncated).toBeGreaterThan(0);
  });

  test('gives who knows of cookies one by BADCOOKIE, with which it is answered [RFC 7873 §5.2.3]', () => {
    const subject = guarded(1);
    flood(subject, 20, 50, () => 'www.own.');
    const asked = subject.ask('www.own.', { options: [[EdnsOption.COOKIE, '0102030405060708']] });
    expect(asked).toMatchObject({ rcode: Rcode.BADCOOKIE, answer: [] });
    const given = subject.option(EdnsOption.COOKIE, asked) ?? '';
    const again = subject.ask('www.own.', { options: [[EdnsOption.COOKIE, given]] });
    expect(again).toMatchObject({ rcode: Rcode.NOERROR });
    expect(again?.answer).toHaveLength(1);
    expect(subject.counters.record().limitedBadCookie).toBe(1);
  });

  test('with forged server cookies is a flood too', () => {
    const subject = guarded();
    const forged = `0102030405060708010000006553f1050${'1'.repeat(15)}`;
    const { bytesIn, bytesOut } = flood(subject, 200, 50, () => 'big.own.', {
      type: Type.TXT,
      options: [[EdnsOption.COOKIE, forged]],
    });
    expect(bytesOut).toBeLessThanOrEqual(bytesIn);
  });

  test('of malformed packets is one of errors', () => {
    const subject = guarded();
    const packet = subject.query('www.own.').subarray(0, 20);
    const responses = Array.from({ length: 10_000 }, () => subject.send(packet)).filter(
      (r) => r !== undefined,
    );
    expect(responses.filter((r) => (readMessage(r)?.flags ?? 0) & Flag.TC).length).toBeGreaterThan(4_000);
    expect(responses.length).toBeLessThan(5_100);
    expect(subject.ask('www.own.')?.answer).toHaveLength(1);
  });
});

import { describe, expect, test } from 'vitest';
import {
  COOKIE_AGE_SECONDS_MAX,
  COOKIE_AHEAD_SECONDS_MAX,
  COOKIE_SECRET_SECONDS,
} from '../../src/base/limits.ts';
import { EdnsOption } from '../../src/wire/codes.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { cookiesOf, type From, Guarded } from '../support/guarded.ts';

const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n` });
const guarded = (...secrets: string[]): Guarded =>
  new Guarded(zones, (clock) => ({ cookies: cookiesOf(clock, ...secrets) }));

function cookieOf(subject: Guarded, value: string, from: From = {}): string | undefined {
  const message = subject.ask('www.own.', { ...from, options: [[EdnsOption.COOKIE, value]] });
  return subject.option(EdnsOption.COOKIE, message);
}

const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const OLD = 'dd3bdf9344b678b185a6f5cb60fca715';
const NEW = '445536bcd2513298075a5d379663c962';
const V6 = '2001:db8:220:1:59de:d0f4:8769:82b8';

describe('RFC 9018 Appendix A, the cookies made', () => {
  test.each([
    [
      'A.1 a client that has none',
      SECRET,
      '198.51.100.100',
      1559731985,
      '2464c4abcf10c957',
      '1f8130c3eee29480',
    ],
    [
      'A.2 the same client 40 minutes later',
      SECRET,
      '198.51.100.100',
      1559734385,
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
      'd4a564a1442aca77',
    ],
    [
      'A.3 another client, reserved bytes set',
      SECRET,
      '203.0.113.203',
      1559734700,
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      'f73a7810aca2381e',
    ],
    [
      'A.4 IPv6, with a new secret',
      NEW,
      V6,
      1559741961,
      '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
      'a6bb79d16625507a',
    ],
  ])('%s', (_, secret, address, at, sent, hash) => {
    const subject = guarded(secret);
    subject.clock.ms = 0;
    subject.clock.seconds = at;
    const time = at.toString(16).padStart(8, '0');
    expect(cookieOf(subject, sent, { address })).toBe(`${sent.slice(0, 16)}01000000${time}${hash}`);
  });
});

describe('RFC 9018 Appendix A, the cookies taken', () => {
  test.each([
    ['A.2', [SECRET], '198.51.100.100', '2464c4abcf10c957010000005cf79f111f8130c3eee29480', 1559734385, 1],
    [
      'A.3, reserved bytes as they came',
      [SECRET],
      '203.0.113.203',
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      1559728000,
      1,
    ],
    [
      'A.4 by the older secret',
      [NEW, OLD],
      V6,
      '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
      1559741961,
      1,
    ],
    ['A.4 without it', [NEW], V6, '22681ab97d52c298010000005cf7c57926556bd0934c72f8', 1559741961, 0],
    [
      'A.2 of another address',
      [SECRET],
      '198.51.100.101',
      '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
      1559734385,
      0,
    ],
    [
      'A.2 of another version',
      [SECRET],
      '198.51.100.100',
      '2464c4abcf10c957020000005cf79f111f8130c3eee29480',
      1559734385,
      0,
    ],
    [
      'A.2 with one bit changed',
      [SECRET],
      '198.51.100.100',
      '2464c4abcf10c957010000005cf79f111f8130c3eee29481',
      1559734385,
      0,
    ],
    [
      'A.2 cut short by a byte',
      [SECRET],
      '198.51.100.100',
      '2464c4abcf10c957010000005cf79f111f8130c3eee294',
      1559734385,
      0,
    ],
  ])('%s', (_, secrets, address, sent, at, valid) => {
    const subject = guarded(...secrets);
    subject.clock.ms = 0;
    subject.clock.seconds = at;
    cookieOf(subject, sent, { address });
    expect(subject.counters.record()).toMatchObject({ cookies: 1, cookiesValid: valid });
  });
});

describe('the timestamp [RFC 9018 §4.3]', () => {
  test.each([
    ['as old as may be', COOKIE_AGE_SECONDS_MAX, 1],
    ['older', COOKIE_AGE_SECONDS_MAX + 1, 0],
    ['as far ahead as may be', -COOKIE_AHEAD_SECONDS_MAX, 1],
    ['further ahead', -COOKIE_AHEAD_SECONDS_MAX - 1, 0],
  ])('%s', (_, age, valid) => {
    const subject = guarded(SECRET);
    const cookie = cookieOf(subject, '0102030405060708') ?? '';
    subject.clock.seconds += age;
    cookieOf(subject, cookie);
    expect(subject.counters.record()).toMatchObject({ cookiesValid: valid });
  });

  test('goes round in 2106 like a serial number', () => {
    const subject = guarded(SECRET);
    subject.clock.seconds = 2 ** 32 - 100;
    const cookie = cookieOf(subject, '0102030405060708') ?? '';
    subject.clock.seconds += 600;
    cookieOf(subject, cookie);
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 1 });
  });
});

describe('secrets [RFC 9018 §5, RFC 7873 §7.1]', () => {
  test('are replaced every day, and a cookie made just before is still taken', () => {
    const subject = guarded();
    subject.clock.ms += (COOKIE_SECRET_SECONDS - 60) * 1000;
    const before = cookieOf(subject, '0102030405060708') ?? '';
    subject.clock.ms += 120_000;
    const after = cookieOf(subject, before) ?? '';
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 1 });
    cookieOf(subject, before);
    cookieOf(subject, after);
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 3 });
  });

  test('the one before the one before is forgotten', () => {
    const subject = guarded();
    const before = cookieOf(subject, '0102030405060708') ?? '';
    for (let day = 0; day < 2; day++) {
      subject.clock.ms += (COOKIE_SECRET_SECONDS + 1) * 1000;
      cookieOf(subject, '0102030405060708');
    }
    subject.clock.ms -= 2 * (COOKIE_SECRET_SECONDS + 1) * 1000;
    cookieOf(subject, before);
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 0 });
  });

  test('given ones stay', () => {
    const subject = guarded(SECRET);
    subject.clock.ms += 10 * COOKIE_SECRET_SECONDS * 1000;
    const cookie = cookieOf(subject, '0102030405060708') ?? '';
    const other = guarded(NEW, SECRET);
    other.clock.ms = subject.clock.ms;
    cookieOf(other, cookie);
    expect(other.counters.record()).toMatchObject({ cookiesValid: 1 });
  });
});

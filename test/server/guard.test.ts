import { describe, expect, test } from 'vitest';
import { OPEN_DOOR } from '../../src/server/guard.ts';
import { Ede, EdnsOption, Rcode, Type } from '../../src/wire/codes.ts';
import { extendedErrorsOf } from '../../src/wire/edns-options.ts';
import { Flag, readMessage } from '../../src/wire/message.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { cookiesOf, Guarded, prefixes } from '../support/guarded.ts';

const many = Array.from({ length: 60 }, (_, i) => `many A 198.51.100.${i}`).join('\n');
const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n${many}\n` });

describe('allowQuery', () => {
  const subject = new Guarded(zones, () => ({ allowQuery: prefixes('192.0.2.0/24', '2001:db8::/32') }));

  test.each(['192.0.2.5', '2001:db8::5', '::ffff:192.0.2.5'])('lets %s in', (address) => {
    expect(subject.ask('www.own.', { address })?.rcode).toBe(Rcode.NOERROR);
  });

  test.each(['198.51.100.7', '2001:db9::5'])('refuses %s, and says why [RFC 8914 §4.19]', (address) => {
    const message = subject.ask('www.own.', { address });
    expect(message).toMatchObject({ rcode: Rcode.REFUSED, answer: [] });
    expect(extendedErrorsOf(message?.edns).map(({ code }) => code)).toEqual([Ede.PROHIBITED]);
  });

  test('refuses whatever was asked, over TCP too', () => {
    expect(subject.ask('www.own.', { tcp: true })?.rcode).toBe(Rcode.REFUSED);
    const update = subject.query('www.own.');
    update[2] = 5 << 3;
    const cut = subject.query('www.own.').subarray(0, 20);
    for (const packet of [update, cut]) {
      expect(readMessage(subject.send(packet) ?? expect.fail('silence'))?.rcode).toBe(Rcode.REFUSED);
    }
    expect(subject.counters.record().authoritative).toBe(3);
  });
});

describe('a source that would answer an answer gets silence', () => {
  const own = [{ port: 53, addresses: prefixes('198.51.100.53', '2001:db8::53') }];
  const subject = new Guarded(zones, () => ({ own }));

  test.each([
    ['port 0', '198.51.100.7', 0],
    ['echo', '198.51.100.7', 7],
    ['daytime', '198.51.100.7', 13],
    ['qotd', '198.51.100.7', 17],
    ['chargen', '198.51.100.7', 19],
    ['time', '198.51.100.7', 37],
    ['ourselves', '198.51.100.53', 53],
    ['ourselves over IPv6', '2001:db8::53', 53],
  ])('%s', (_, address, port) => {
    expect(subject.ask('www.own.', { address, port })).toBeUndefined();
    expect(subject.send(new Uint8Array(12), { address, port })).toBeUndefined();
  });

  test.each([
    ['another server', '198.51.100.54', 53],
    ['our address at another port', '198.51.100.53', 5353],
    ['a port nobody answers at', '198.51.100.7', 8],
  ])('but %s is answered', (_, address, port) => {
    expect(subject.ask('www.own.', { address, port })?.rcode).toBe(Rcode.NOERROR);
  });

  test('over TCP nobody can pretend to be one', () => {
    expect(subject.ask('www.own.', { port: 7, tcp: true })?.rcode).toBe(Rcode.NOERROR);
  });
});

describe('sizes over UDP', () => {
  test('ANY gets at most 512 bytes [RFC 8482 §4]', () => {
    const subject = new Guarded(zones, () => ({}));
    const bytes = subject.send(subject.query('many.own.', { type: Type.ANY, udpSize: 4096 }));
    expect(bytes?.length).toBeLessThanOrEqual(512);
    expect((bytes?.[2] ?? 0) & 0x02).not.toBe(0);
    expect(subject.ask('many.own.', { type: Type.ANY, tcp: true })?.answer).toHaveLength(60);
  });

  test.each([
    [512, 512, false],
    [1232, 1232, true],
    [4096, 4096, true],
  ])('udpSize %i is told, and is the bound', (udpBytes, told, fits) => {
    const subject = new Guarded(zones, () => ({ udpBytes }));
    const message = subject.ask('many.own.', { udpSize: 4096 });
    expect(message?.edns?.udpSize).toBe(told);
    expect(((message?.flags ?? 0) & Flag.TC) === 0).toBe(fits);
  });

  test('options go out though there is room for nothing else', () => {
    const subject = new Guarded(zones, (clock) => ({
      nsid: new Uint8Array(128).fill(0x61),
      cookies: cookiesOf(clock),
    }));
    const options = [
      [EdnsOption.NSID, ''],
      [EdnsOption.COOKIE, '0102030405060708'],
    ] as const;
    const bytes = subject.send(subject.query('many.own.', { udpSize: 512, options }));
    const message = readMessage(bytes ?? expect.fail('silence'));
    expect(bytes?.length).toBeLessThanOrEqual(512);
    expect(message?.edns?.options.map(({ code }) => code)).toEqual([EdnsOption.COOKIE, EdnsOption.NSID]);
  });
});

test('without a guard everybody is answered', () => {
  const subject = new Guarded(zones, () => OPEN_DOOR);
  expect(subject.ask('www.own.')?.rcode).toBe(Rcode.NOERROR);
});

import { describe, expect, test } from 'vitest';
import { EdnsOption, Rcode } from '../../src/wire/codes.ts';
import { type Message, readMessage } from '../../src/wire/message.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { cookiesOf, type From, Guarded, unhex } from '../support/guarded.ts';

const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n` });
const guarded = (): Guarded => new Guarded(zones, (clock) => ({ cookies: cookiesOf(clock) }));
const CLIENT = '0102030405060708';

const askWith = (subject: Guarded, value: string, from: From = {}): Message | undefined =>
  subject.ask('www.own.', { ...from, options: [[EdnsOption.COOKIE, value]] });
const cookie = (subject: Guarded, message: Message | undefined): string | undefined =>
  subject.option(EdnsOption.COOKIE, message);

describe('RFC 7873 §5.2: a query', () => {
  test('without a cookie gets none [§5.2.1]', () => {
    const subject = guarded();
    expect(cookie(subject, subject.ask('www.own.'))).toBeUndefined();
    expect(subject.ask('www.own.', { noEdns: true })?.edns).toBeUndefined();
  });

  test.each([0, 1, 7, 9, 15, 41, 64])('with a cookie of %i bytes is FORMERR [§5.2.2]', (bytes) => {
    const subject = guarded();
    expect(askWith(subject, 'ab'.repeat(bytes))?.rcode).toBe(Rcode.FORMERR);
  });

  test.each([8, 16, 24, 40])(
    'with a cookie of %i bytes is answered, with a server cookie [§5.2.3]',
    (bytes) => {
      const subject = guarded();
      const message = askWith(subject, CLIENT + 'ab'.repeat(bytes - 8));
      expect(message?.rcode).toBe(Rcode.NOERROR);
      expect(message?.answer).toHaveLength(1);
      expect(cookie(subject, message)).toMatch(new RegExp(`^${CLIENT}01000000[0-9a-f]{24}$`));
    },
  );

  test('the first of two cookies counts [§5.2]', () => {
    const subject = guarded();
    const options = [
      [EdnsOption.COOKIE, CLIENT],
      [EdnsOption.COOKIE, 'ff'.repeat(3)],
    ] as const;
    expect(cookie(subject, subject.ask('www.own.', { options }))).toMatch(new RegExp(`^${CLIENT}`));
  });

  test.each([
    ['REFUSED', 'www.elsewhere.', Rcode.REFUSED],
    ['NXDOMAIN', 'none.own.', Rcode.NXDOMAIN],
  ])('%s carries the cookie too [§5.2.3]', (_, question, rcode) => {
    const subject = guarded();
    const message = subject.ask(question, { options: [[EdnsOption.COOKIE, CLIENT]] });
    expect(message?.rcode).toBe(rcode);
    expect(cookie(subject, message)).toMatch(new RegExp(`^${CLIENT}`));
  });

  test('over TCP gets one as well', () => {
    const subject = guarded();
    expect(cookie(subject, askWith(subject, CLIENT, { tcp: true }))).toMatch(new RegExp(`^${CLIENT}`));
  });

  test('what was given is valid, and only from that address [§5.2.5]', () => {
    const subject = guarded();
    const given = cookie(subject, askWith(subject, CLIENT)) ?? '';
    askWith(subject, given);
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 1 });
    askWith(subject, given, { address: '198.51.100.8' });
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 1 });
  });
});

describe('RFC 7873 §5.4: a cookie and no question', () => {
  const alone = (value: string): Uint8Array => {
    const bytes = value.length / 2;
    const size = (n: number): string => n.toString(16).padStart(4, '0');
    const option = bytes === 0 ? '' : `000a ${size(bytes)} ${value}`;
    const length = bytes === 0 ? 0 : bytes + 4;
    return unhex(`1267 0000 0000 0000 0000 0001 00 0029 04d0 00000000 ${size(length)} ${option}`);
  };
  const send = (subject: Guarded, value: string): Message =>
    readMessage(subject.send(alone(value)) ?? expect.fail('silence')) ?? expect.fail('malformed');

  test('gets NOERROR, nothing, and a server cookie', () => {
    const subject = guarded();
    const message = send(subject, CLIENT);
    expect(message).toMatchObject({ id: 0x1267, rcode: Rcode.NOERROR, question: undefined, answer: [] });
    const given = cookie(subject, message) ?? '';
    expect(send(subject, given).rcode).toBe(Rcode.NOERROR);
    expect(subject.counters.record()).toMatchObject({ cookiesValid: 1 });
  });

  test('gets BADCOOKIE and a good one for a bad one', () => {
    const subject = guarded();
    const message = send(subject, `${CLIENT}${'00'.repeat(16)}`);
    expect(message.rcode).toBe(Rcode.BADCOOKIE);
    expect(send(subject, cookie(subject, message) ?? '').rcode).toBe(Rcode.NOERROR);
  });

  test('gets FORMERR without a cookie, and where cookies are off [RFC 9619 §4]', () => {
    expect(send(guarded(), '').rcode).toBe(Rcode.FORMERR);
    expect(send(new Guarded(zones, () => ({})), CLIENT).rcode).toBe(Rcode.FORMERR);
  });
});

test('where cookies are off the option means nothing', () => {
  const subject = new Guarded(zones, () => ({}));
  const message = askWith(subject, CLIENT);
  expect(message?.rcode).toBe(Rcode.NOERROR);
  expect(cookie(subject, message)).toBeUndefined();
});

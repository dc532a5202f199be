import { describe, expect, test } from 'vitest';
import { EdnsOption, Rcode } from '../../src/wire/codes.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { Guarded } from '../support/guarded.ts';

const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n` });
const subject = new Guarded(zones, () => ({ idleMs: 10_000 }));
const asked = [[EdnsOption.KEEPALIVE, '']] as const;
const stated = [[EdnsOption.KEEPALIVE, '0064']] as const;

describe('RFC 7828: edns-tcp-keepalive', () => {
  test('tells over TCP how long a connection may idle, in tenths of a second [§3.1]', () => {
    const message = subject.ask('www.own.', { tcp: true, options: asked });
    expect(subject.option(EdnsOption.KEEPALIVE, message)).toBe('0064');
  });

  test('is told to nobody who did not ask', () => {
    expect(subject.option(EdnsOption.KEEPALIVE, subject.ask('www.own.', { tcp: true }))).toBeUndefined();
  });

  test('is ignored over UDP, whatever it says [§3.3.1]', () => {
    for (const options of [asked, stated]) {
      const message = subject.ask('www.own.', { options });
      expect(message?.rcode).toBe(Rcode.NOERROR);
      expect(subject.option(EdnsOption.KEEPALIVE, message)).toBeUndefined();
    }
  });

  test('a client that states a timeout gets FORMERR [§3.2.1]', () => {
    const message = subject.ask('www.own.', { tcp: true, options: stated });
    expect(message?.rcode).toBe(Rcode.FORMERR);
    expect(message?.answer).toEqual([]);
  });
});

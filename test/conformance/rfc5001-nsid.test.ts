import { describe, expect, test } from 'vitest';
import { EdnsOption, Rcode } from '../../src/wire/codes.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { Guarded, hex } from '../support/guarded.ts';

const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n` });
const NAME = 'fra-1.example';
const named = new Guarded(zones, () => ({ nsid: Buffer.from(NAME) }));
const asked = [[EdnsOption.NSID, '']] as const;

describe('RFC 5001: the name server identifier', () => {
  test.each([
    ['an answer', 'www.own.', Rcode.NOERROR],
    ['an error', 'www.elsewhere.', Rcode.REFUSED],
  ])('goes out with %s to who asked [§2.2]', (_, question, rcode) => {
    const message = named.ask(question, { options: asked });
    expect(message?.rcode).toBe(rcode);
    expect(named.option(EdnsOption.NSID, message)).toBe(hex(Buffer.from(NAME)));
  });

  test('over TCP too', () => {
    const message = named.ask('www.own.', { options: asked, tcp: true });
    expect(named.option(EdnsOption.NSID, message)).toBe(hex(Buffer.from(NAME)));
  });

  test('does not go out unasked [§2.2]', () => {
    expect(named.option(EdnsOption.NSID, named.ask('www.own.'))).toBeUndefined();
  });

  test('what a query says in it means nothing [§2.1]', () => {
    const message = named.ask('www.own.', { options: [[EdnsOption.NSID, 'abcd']] });
    expect(named.option(EdnsOption.NSID, message)).toBe(hex(Buffer.from(NAME)));
  });

  test('is off unless named', () => {
    const nameless = new Guarded(zones, () => ({}));
    const message = nameless.ask('www.own.', { options: asked });
    expect(nameless.option(EdnsOption.NSID, message)).toBeUndefined();
  });
});

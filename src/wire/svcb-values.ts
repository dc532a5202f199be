/**
 * The forms that values of service parameters take: how they lie on the wire, and how they are written once
 * quotes and escapes are gone. `read` gives wire bytes or, as a text, what was expected; `valid` has the
 * last word.
 */
import { isUtf8 } from 'node:buffer';
import { type Bytes, put16, toBase64, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, ipText, parseIpv4, parseIpv6 } from '../base/ip.ts';
import { quotedText, textOf } from './entry.ts';
import { fromBase64 } from './kinds-binary.ts';
import { decimal } from './kinds-number.ts';

export interface ValueForm {
  readonly expected: string;
  readonly valid: (b: Bytes, at: number, end: number) => boolean;
  /** What stands behind `key=`; empty where not even the `=` stands. */
  readonly print: (b: Bytes, at: number, end: number) => string;
  readonly read: (value: Bytes) => Bytes | string;
}

/** Any bytes: what the keys have that we know no better form for (RFC 9460 §2.1). */
export const freeText: ValueForm = {
  expected: 'any text',
  valid: () => true,
  print: (b, at, end) => (at === end ? '' : quotedText(b, at, end)),
  read: (value) => value,
};

export const empty: ValueForm = {
  ...freeText,
  expected: 'no value',
  valid: (_b, at, end) => at === end,
};

export const port: ValueForm = {
  expected: 'a port number 0 to 65535',
  valid: (_b, at, end) => end - at === 2,
  print: (b, at) => `${u16(b, at)}`,
  read(value) {
    const number = decimal(value, 0xffff);
    return number === undefined ? port.expected : Uint8Array.of(number >> 8, number);
  },
};

/** RFC 9460 §9: opaque to the DNS. */
export const ech: ValueForm = {
  expected: 'an ECH configuration list in base64',
  valid: (_b, at, end) => end > at,
  print: (b, at, end) => toBase64(b.subarray(at, end)),
  read: (value) => fromBase64(value) ?? ech.expected,
};

const hints = (
  size: number,
  parseAddress: (text: string) => Bytes | undefined,
  expected: string,
): ValueForm => ({
  expected,
  valid: (_b, at, end) => end > at && (end - at) % size === 0,
  print(b, at, end) {
    const texts: string[] = [];
    for (let i = at; i < end; i += size) texts.push(ipText(b.subarray(i, i + size)));
    return texts.join(',');
  },
  read(value) {
    const addresses = textOf(value).split(',').map(parseAddress);
    const known = addresses.filter((address) => address !== undefined);
    return known.length === addresses.length ? Buffer.concat(known) : expected;
  },
});

/** RFC 9460 §7.3. */
export const hints4 = hints(IPV4_BYTES, parseIpv4, 'IPv4 addresses with commas between');
export const hints6 = hints(IPV6_BYTES, parseIpv6, 'IPv6 addresses with commas between');

/** RFC 9460 §7.1.1: protocol names, each counted by a byte. */
export const alpn: ValueForm = {
  expected: 'protocol names of 1 to 255 bytes with commas between',
  valid(b, at, end) {
    let i = at;
    while (i < end && b[i] !== 0) i += 1 + (b[i] as number);
    return i === end && end > at;
  },
  print(b, at, end) {
    const list: number[] = [];
    for (let i = at; i < end; i += 1 + (b[i] as number)) {
      if (i > at) list.push(COMMA);
      for (const byte of b.subarray(i + 1, i + 1 + (b[i] as number))) {
        if (byte === COMMA || byte === BACKSLASH) list.push(BACKSLASH);
        list.push(byte);
      }
    }
    return quotedText(Uint8Array.from(list), 0, list.length);
  },
  read(value) {
    const items = listItems(value);
    if (items.some((item) => item.length < 1 || item.length > 255)) return alpn.expected;
    return Uint8Array.from(items.flatMap((item) => [item.length, ...item]));
  },
};

const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** RFC 9460 appendix A.1: commas separate, unless a second layer of backslashes escapes them. */
function listItems(value: Bytes): number[][] {
  const items: number[][] = [[]];
  for (let i = 0; i < value.length; i++) {
    let byte = value[i] as number;
    if (byte === COMMA) items.push([]);
    else {
      if (byte === BACKSLASH && i + 1 < value.length) byte = value[++i] as number;
      items[items.length - 1]?.push(byte);
    }
  }
  return items;
}

/** RFC 9460 §8: keys, rising, never `mandatory` itself. */
export const keyList = (
  keyText: (key: number) => string,
  keyFromText: (text: string) => number | undefined,
): ValueForm => {
  const expected = 'different keys, none of them mandatory, with commas between';
  return {
    expected,
    valid(b, at, end) {
      if (end === at || (end - at) % 2 !== 0) return false;
      let last = 0;
      for (let i = at; i < end; i += 2) {
        if (u16(b, i) <= last) return false;
        last = u16(b, i);
      }
      return true;
    },
    print(b, at, end) {
      const texts: string[] = [];
      for (let i = at; i < end; i += 2) texts.push(keyText(u16(b, i)));
      return texts.join(',');
    },
    read(value) {
      const keys = textOf(value).split(',').map(keyFromText);
      const known = keys.filter((key) => key !== undefined).sort((a, b) => a - b);
      if (known.length < keys.length) return expected;
      const wire = new Uint8Array(2 * known.length);
      known.forEach((key, i) => {
        put16(wire, 2 * i, key);
      });
      return wire;
    },
  };
};

/** RFC 6570 §2.2: an expression with the variable `dns` among its variables. */
const DNS_VARIABLE = /\{[+#./;?&]?(?:[^{},]*,)*dns(?:\*|:\d{1,4})?(?:,[^{}]*)?\}/;

/** RFC 9461 §5: a relative URI template in UTF-8 that has the variable `dns`. */
export const dohPath: ValueForm = {
  ...freeText,
  expected: 'a path template with the variable dns, such as /dns-query{?dns}',
  valid(b, at, end) {
    const value = b.subarray(at, end);
    return value[0] === 0x2f && isUtf8(value) && DNS_VARIABLE.test(textOf(value));
  },
};

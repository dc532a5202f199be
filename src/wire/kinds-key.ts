/**
 * Two kinds of field whose shape other bytes decide: the gateway of IPSECKEY and the identity of HIP.
 */
import { toBase64 } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { textOf } from './entry.ts';
import type { Kind } from './kind.ts';
import { fromBase64, fromHex, sized, upperHex } from './kinds-binary.ts';
import { decimal, ipv4, ipv6 } from './kinds-number.ts';
import { name } from './kinds-text.ts';

/** RFC 4025 §2.3: no gateway, written as a dot and as no bytes. */
const noGateway: Kind = {
  scan: (_bytes, at) => at,
  print: () => '.',
  parse: (entry) =>
    void entry.read('a dot, as there is no gateway', (text) => textOf(text) === '.' || undefined),
};

/** RFC 4025 §2.3, by the gateway type. */
const GATEWAYS: readonly Kind[] = [noGateway, ipv4, ipv6, name];

/** RFC 4025 §2.5. The gateway's type lies two bytes before it, the algorithm between. */
export const gateway: Kind = {
  scan: (b, at, end) => GATEWAYS[b[at - 2] as number]?.scan(b, at, end) ?? -1,
  print: (b, at, end) => GATEWAYS[b[at - 2] as number]?.print(b, at, end),
  parse(entry) {
    const kind = GATEWAYS[entry.out[entry.length - 2] as number];
    if (kind !== undefined) kind.parse(entry);
    else entry.read('a gateway type 0 to 3 before this', () => undefined);
  },
};

/**
 * RFC 8005 §5: the lengths of HIT (1 byte) and key (2 bytes) with the algorithm between them, then HIT and
 * key. The text (§6) has the algorithm first, and no lengths.
 */
export const hostIdentity: Kind = {
  scan(b, at, end) {
    if (at + 4 > end) return -1;
    const hitLength = b[at] as number;
    const keyLength = ((b[at + 2] as number) << 8) | (b[at + 3] as number);
    const next = at + 4 + hitLength + keyLength;
    return hitLength > 0 && keyLength > 0 && next <= end ? next : -1;
  },
  print(b, at, end) {
    const keyAt = at + 4 + (b[at] as number);
    return `${b[at + 1]} ${upperHex(b.subarray(at + 4, keyAt))} ${toBase64(b.subarray(keyAt, end))}`;
  },
  parse(entry) {
    const algorithm = entry.read('an algorithm number 0 to 255', (text) => decimal(text, 255));
    const hit = entry.read('a host identity tag in hexadecimal of 1 to 255 bytes', sized(fromHex, 1));
    const key = entry.read('a public key in base64', sized(fromBase64, 1, MESSAGE_BYTES_MAX));
    entry.put(hit?.length, 1);
    entry.put(algorithm, 1);
    entry.put(key?.length, 2);
    entry.putBytes(hit);
    entry.putBytes(key);
  },
};

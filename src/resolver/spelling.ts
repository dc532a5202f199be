/**
 * The case of a question's letters as a nonce (draft-vixie-dnsext-dns0x20): who cannot see the question can
 * hardly copy it. Only ASCII letters have case (RFC 4343 §3).
 */
import type { World } from '../base/world.ts';
import type { Name } from '../wire/name.ts';

const BITS_PER_DRAW = 30;

const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;

/** A copy of `name`, each letter of which is upper case as chance will have it. */
export function respell(name: Name, world: World): Uint8Array {
  const spelled = name.slice();
  let bits = 0;
  let left = 0;
  for (let at = 0; spelled[at] !== 0; ) {
    const end = at + 1 + (spelled[at] as number);
    for (let i = at + 1; i < end; i++) {
      const byte = spelled[i] as number;
      if (!isLower(byte)) continue;
      if (left === 0) {
        bits = world.draw(2 ** BITS_PER_DRAW);
        left = BITS_PER_DRAW;
      }
      if ((bits & 1) === 1) spelled[i] = byte - 0x20;
      bits >>>= 1;
      left--;
    }
    at = end;
  }
  return spelled;
}

/**
 * Owner names as nearly every line of a zone file writes them: from text to wire form in a buffer that is
 * used again.
 */
import type { Bytes } from '../base/bytes.ts';
import { LABEL_BYTES_MAX, NAME_BYTES_MAX, type Name, nameLength, sameName } from '../wire/name.ts';

const DOT = 0x2e;
const BACKSLASH = 0x5c;

/**
 * Writes the wire form of the name in bytes `from`…`to` to `out`, which has room for 255 and 64 more, and
 * gives its length; -1 for a name that has escapes, or is none: `parseName` reads the one and finds words for
 * the other.
 */
export function writeOwner(text: Bytes, from: number, to: number, origin: Name, out: Bytes): number {
  if (from === to) return -1; // In quotes; the root is a dot.
  let labelAt = 0;
  let at = 1;
  for (let i = from; i < to; i++) {
    const byte = text[i] as number;
    if (byte === DOT) {
      const length = at - labelAt - 1;
      if (length === 0 || length > LABEL_BYTES_MAX) return -1;
      out[labelAt] = length;
      labelAt = at++;
    } else {
      if (byte === BACKSLASH) return -1;
      out[at++] = byte;
    }
    if (at > NAME_BYTES_MAX) return -1;
  }
  const length = at - labelAt - 1;
  if (length === 0) {
    out[labelAt] = 0;
    return at;
  }
  if (length > LABEL_BYTES_MAX || at + origin.length > NAME_BYTES_MAX) return -1;
  out[labelAt] = length;
  for (let i = 0; i < origin.length; i++) out[at + i] = origin[i] as number;
  return at + origin.length;
}

/** Whether the uncompressed name at `nameAt` is `apex` or below it. */
export function isInZone(bytes: Bytes, nameAt: number, apex: Name): boolean {
  let at = nameAt;
  let left = nameLength(bytes, at);
  while (left > apex.length) {
    const label = (bytes[at] as number) + 1;
    at += label;
    left -= label;
  }
  return left === apex.length && sameName(bytes, at, apex, 0);
}

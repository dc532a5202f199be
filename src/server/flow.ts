/**
 * Which questions wait behind one another where more come than can be read at once: those for names below the
 * same two labels. Names that are made up below one zone are one flow, whatever they are and whoever asks.
 */
import type { Bytes } from '../base/bytes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { HEADER_BYTES } from '../wire/header.ts';
import { nameKey } from '../wire/name.ts';

const FLOW_LABELS = 2;

const scratch = new HashedName();

/** Of what has no name, that of the root. */
export function flowOf(packet: Bytes): string {
  scratch.read(packet, HEADER_BYTES, packet.length);
  const { bytes, labelAt, labels, length } = scratch;
  return nameKey(bytes.subarray(labelAt[Math.max(0, labels - FLOW_LABELS)], length));
}

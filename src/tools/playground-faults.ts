/**
 * Ways to be a bad name server, each an answerer around a good one. They are what resolvers meet every day; a
 * resolver is judged by what its clients notice of it.
 */
import { copy, copyOf, put16, u8, u16 } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { type Answerer, DROP, LATER } from '../transport/door.ts';
import { Rcode } from '../wire/codes.ts';
import { HEADER_BYTES } from '../wire/header.ts';
import { FOLD, nameLength } from '../wire/name.ts';

export type Fault = (good: Answerer) => Answerer;

/** Thinks for so long. */
export const slow =
  (ms: number, world: World): Fault =>
  (good) => ({
    answer(packet, length, client, _out, send) {
      const asked = copyOf(packet, 0, length);
      world.after(ms, () => {
        const out = new Uint8Array(MESSAGE_BYTES_MAX);
        const answered = good.answer(asked, length, client, out, send);
        if (answered > 0) send(out.subarray(0, answered));
      });
      return LATER;
    },
  });

/** Is switched off. */
export const silent: Fault = () => ({ answer: () => DROP });

/** Takes EDNS for a malformed message, and says so with a bare header, as servers from before RFC 2671 do. */
export const withoutEdns: Fault = (good) => ({
  answer(packet, length, client, out, send) {
    if (length < HEADER_BYTES || u16(packet, 10) === 0) return good.answer(packet, length, client, out, send);
    out.fill(0, 0, HEADER_BYTES);
    copy(packet, 0, out, 0, 2);
    put16(out, 2, 0x8000 | Rcode.FORMERR);
    return HEADER_BYTES;
  },
});

/**
 * Keeps its names in lower case and answers with those, whatever case it was asked in (against RFC 4343
 * §4.1).
 */
export const lowercasing: Fault = (good) => ({
  answer(packet, length, client, out, send) {
    const answered = good.answer(packet, length, client, out, send);
    if (answered > HEADER_BYTES) {
      const end = HEADER_BYTES + nameLength(out, HEADER_BYTES);
      for (let at = HEADER_BYTES; at < end; at++) out[at] = u8(FOLD, u8(out, at));
    }
    return answered;
  },
});

/**
 * DNS Cookies, the client's side (RFC 7873 §5): what we say to each server, which it must repeat, and what
 * it gave us. A client cookie is drawn at random for each server and kept for a day, since a connected
 * socket has its own address from the system and nothing to hash would be known before (RFC 9018 §3). In
 * comes the OPT of a reply, out goes what its cookie makes of it.
 */
import { equalBytes, put16 } from '../base/bytes.ts';
import type { World } from '../base/world.ts';
import { EdnsOption } from '../wire/codes.ts';
import type { Edns } from '../wire/message.ts';

const CLIENT_BYTES = 8;
/** RFC 7873 §4: with the server's 8 to 32 bytes. */
const WHOLE_BYTES_MIN = CLIENT_BYTES + 8;
const WHOLE_BYTES_MAX = CLIENT_BYTES + 32;

export function drawCookie(world: World): Uint8Array {
  const cookie = new Uint8Array(CLIENT_BYTES);
  for (let at = 0; at < CLIENT_BYTES; at += 2) put16(cookie, at, world.draw(0x1_0000));
  return cookie;
}

export const clientPart = (cookie: Uint8Array): Uint8Array => cookie.subarray(0, CLIENT_BYTES);

/** Whether the server has given us its part. */
export const isWhole = (cookie: Uint8Array | undefined): boolean =>
  cookie !== undefined && cookie.length > CLIENT_BYTES;

/** The reply's cookie; `forged` where it does not repeat ours, or is none (RFC 7873 §5.3). */
export function repeatedCookie(edns: Edns | undefined, sent: Uint8Array): Uint8Array | 'forged' | undefined {
  const value = edns?.options.find(({ code }) => code === EdnsOption.COOKIE)?.value;
  if (value === undefined) return undefined;
  const { length } = value;
  const isSound = length === CLIENT_BYTES || (length >= WHOLE_BYTES_MIN && length <= WHOLE_BYTES_MAX);
  return isSound && equalBytes(clientPart(value), clientPart(sent)) ? value : 'forged';
}

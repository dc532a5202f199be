/**
 * The fault `cookies [strict|bad|until N]`: a server that gives cookies (RFC 7873 §5.2). It asks for its
 * own back when it is strict, is content with none when it is bad, and gives no more after N questions.
 */
import type { DecodedPacket, OptAnswer } from 'dns-packet';

type Fault = { readonly words: readonly string[] } | undefined;

const COOKIE = 10;
const CLIENT_BYTES = 8;
const OURS = Buffer.from('serverck');

export interface Option {
  readonly code: number;
  readonly data: Buffer;
}

function cookieOf(asked: DecodedPacket): Buffer | undefined {
  const opt = asked.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
  const options = (opt?.options ?? []) as readonly Option[];
  return options.find(({ code }) => code === COOKIE)?.data;
}

export const cookieOption = (client: Buffer): Option => ({
  code: COOKIE,
  data: Buffer.concat([client.subarray(0, CLIENT_BYTES), OURS]),
});

export function cookieOptions(asked: DecodedPacket, fault: Fault, count: number): Option[] {
  const cookie = cookieOf(asked);
  const [how, last] = fault?.words ?? [];
  if (fault === undefined || cookie === undefined || (how === 'until' && count > Number(last))) return [];
  return [cookieOption(cookie)];
}

export function isCookieBad(asked: DecodedPacket, fault: Fault): boolean {
  const [how] = fault?.words ?? [];
  const isOurs = cookieOf(asked)?.subarray(CLIENT_BYTES).equals(OURS) === true;
  return how === 'bad' || (how === 'strict' && !isOurs);
}

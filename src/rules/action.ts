/**
 * What a rule does, as bytes in an image and as what the resolver is told: one byte for the kind, four for
 * the TTL, then the RRsets of data (wire/rrset) one behind the other, or the target of an alias.
 */
import { type Bytes, copyOf, put32, u32 } from '../base/bytes.ts';
import { soaBlock } from '../resolver/local-names.ts';
import {
  type AnswerRrset,
  answered,
  denied,
  type ExtendedError,
  ended,
  type Finding,
  followsAliases,
} from '../resolver/outcome.ts';
import type { Asked } from '../resolver/wish.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { NAME_BYTES_MAX, type Name, ownName } from '../wire/name.ts';
import { packRrset, RRSET_HEADER_BYTES, rrsetSize, rrsetTtl, rrsetType } from '../wire/rrset.ts';

export const Act = {
  /** Nothing is changed, by no rule behind it either. */
  PASS: 0,
  NXDOMAIN: 1,
  NODATA: 2,
  REFUSED: 3,
  /** Nothing is sent back. */
  DROP: 4,
  /** These RRsets are all there is. */
  DATA: 5,
  ALIAS: 6,
  /** An alias to the name itself, put in front of the target. */
  ALIAS_BELOW: 7,
} as const;

const PAYLOAD = 5;

export function packAction(act: number, ttl: number, ...payload: readonly Bytes[]): Uint8Array {
  const size = payload.reduce((sum, { length }) => sum + length, PAYLOAD);
  const action = new Uint8Array(size);
  action[0] = act;
  put32(action, 1, ttl);
  let at = PAYLOAD;
  for (const part of payload) {
    action.set(part, at);
    at += part.length;
  }
  return action;
}

export const isPass = (action: Bytes): boolean => action[0] === Act.PASS;

/** `listed` is the name of the rule, at or above the one asked for. */
export function findingOf(
  action: Bytes,
  asked: Asked,
  listed: Name,
  ede: ExtendedError | undefined,
): Finding {
  const ttl = u32(action, 1);
  const payload = action.subarray(PAYLOAD);
  switch (action[0]) {
    case Act.REFUSED:
      return ended({ rcode: Rcode.REFUSED, answer: [], authority: [], ede });
    case Act.DROP:
      return ended({ ...answered([]), isSilent: true });
    case Act.ALIAS:
      return aliasTo(payload, asked, ttl);
    case Act.ALIAS_BELOW:
      return aliasBelow(payload, asked, ttl, ede);
    case Act.DATA: {
      const finding = dataFinding(payload, asked, ede);
      if (finding !== undefined) return finding;
    }
  }
  const rcode = action[0] === Act.NXDOMAIN ? Rcode.NXDOMAIN : Rcode.NOERROR;
  const soa = { owner: listed, block: soaBlock(listed, ttl), ttl };
  return ended({ ...denied(rcode, soa), ede });
}

/** Undefined where there is none of the type asked for. */
function dataFinding(blocks: Bytes, asked: Asked, ede: ExtendedError | undefined): Finding | undefined {
  const answer: AnswerRrset[] = [];
  for (let at = 0; at < blocks.length; ) {
    const end = at + RRSET_HEADER_BYTES + rrsetSize(blocks, at);
    const type = rrsetType(blocks, at);
    if (type === asked.type || asked.type === Type.ANY) {
      answer.push({ owner: asked.name, block: copyOf(blocks, at, end), ttl: rrsetTtl(blocks, at) });
    }
    at = end;
  }
  return answer.length === 0 ? undefined : ended({ ...answered(answer), ede });
}

function aliasTo(target: Bytes, { name, type }: Asked, ttl: number): Finding {
  const link = { owner: name, block: packRrset(Type.CNAME, ttl, [target]), ttl };
  if (!followsAliases(type)) return ended(answered([link]));
  return { kind: 'alias', links: [link], target: ownName(target), authoritative: false };
}

/** A name that would be too long is none, and no way past the rule (RFC 6672 §2.2, LIMITS A13). */
function aliasBelow(suffix: Bytes, asked: Asked, ttl: number, ede: ExtendedError | undefined): Finding {
  const { name } = asked;
  const length = name.length - 1 + suffix.length;
  if (length > NAME_BYTES_MAX) return ended({ rcode: Rcode.YXDOMAIN, answer: [], authority: [], ede });
  const target = new Uint8Array(length);
  target.set(name);
  target.set(suffix, name.length - 1);
  return aliasTo(target, asked, ttl);
}

/**
 * What the chosen members of a pool are as records (docs/POOLS.md): the RRs of an RRset that was begun in the
 * arena of the reply, in the order of the choice. In: a choice, and the image that its members are in. Each
 * gives whether there was room for all.
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import type { World } from '../base/world.ts';
import type { Choice } from '../pool/choice.ts';
import type { Flattened } from '../pool/flattened.ts';
import { readHost } from '../pool/host-member.ts';
import { MemberWord, NONE, PoolFlag, PoolWord } from '../pool/plan.ts';
import { nameLength, sameName } from '../wire/name.ts';
import { PoolKind, poolSubjectAt } from '../wire/pool.ts';
import type { Arena } from './arena.ts';

const { KIND, RDATA } = MemberWord;
const { FLAGS } = PoolWord;
const { DOUBLES } = PoolFlag;

/** Priority, weight and port of an SRV (RFC 2782). */
const SRV_FIXED_BYTES = 6;
/** RFC 9460 §14.3.2 */
const SvcKey = { ALPN: 1, PORT: 3, IPV4_HINT: 4, IPV6_HINT: 6 } as const;
/** Priority, four keys with their lengths, and a port. */
const SVC_BYTES_MAX = 2 + 4 * 4 + 2;

const subjectAt = (choice: Choice, i: number): number => poolSubjectAt(choice.word(i, RDATA));

const addressBytes = (kind: number): number => (kind === PoolKind.IPV4 ? IPV4_BYTES : IPV6_BYTES);

/**
 * A and AAAA: of members of that kind, and of hosts, whose addresses are all told. An address is told once,
 * with however many ports.
 */
export function putAddresses(
  b: Bytes,
  choice: Choice,
  kind: number,
  { hosts, world }: { readonly hosts?: Flattened | undefined; readonly world: World },
  arena: Arena,
): boolean {
  const length = addressBytes(kind);
  const hasDoubles = haveDoubles(choice);
  for (let i = 0; i < choice.count; i++) {
    if (choice.word(i, KIND) === kind) {
      if (!putAddress(b, subjectAt(choice, i), length, hasDoubles, arena)) return false;
      continue;
    }
    if (hosts === undefined) continue;
    readHost(hosts, choice.plan, choice.members[i] as number, kind);
    choice.promise(hosts.ttl(world.nowMs()));
    for (let of = 0; of < hosts.count; of++)
      if (!putAddress(hosts.addresses, of * length, length, true, arena)) return false;
  }
  return true;
}

/** RFC 2181 §5: an RRset has no two RRs with the same data. */
function putAddress(from: Bytes, at: number, length: number, mayBeThere: boolean, arena: Arena): boolean {
  if (mayBeThere && arena.holds(from, at, length)) return true;
  if (!arena.beginRr(length)) return false;
  arena.putBytes(from, at, length);
  arena.endRr();
  return true;
}

/** Where the name stands that has the addresses of the member. */
export const targetAt = (choice: Choice, i: number): number =>
  choice.word(i, KIND) === PoolKind.HOST ? subjectAt(choice, i) : choice.word(i, MemberWord.DERIVED);

const haveDoubles = (choice: Choice): boolean =>
  ((choice.plan[choice.pool + FLAGS] as number) & DOUBLES) !== 0;

const portOf = (choice: Choice, i: number): number =>
  choice.ofAsked(PoolWord.USE_PORT) || choice.word(i, MemberWord.PORT);

/** SRV: the client draws, by tier and weight. */
export function putServers(b: Bytes, choice: Choice, arena: Arena): boolean {
  const hasDoubles = haveDoubles(choice);
  for (let i = 0; i < choice.count; i++) {
    if (hasDoubles && isServerRepeated(b, choice, i)) continue;
    const target = targetAt(choice, i);
    if (!arena.beginRr(SRV_FIXED_BYTES + nameLength(b, target))) return false;
    arena.put16(choice.word(i, MemberWord.TIER));
    arena.put16(choice.word(i, MemberWord.WEIGHT));
    arena.put16(portOf(choice, i));
    arena.putName(b, target);
    arena.endRr();
  }
  return true;
}

/** What tells two members of one address apart may be their places, or ports that a use stands in for. */
function isServerRepeated(b: Bytes, choice: Choice, i: number): boolean {
  for (let earlier = 0; earlier < i; earlier++) {
    const isSame =
      portOf(choice, i) === portOf(choice, earlier) &&
      choice.word(i, MemberWord.TIER) === choice.word(earlier, MemberWord.TIER) &&
      choice.word(i, MemberWord.WEIGHT) === choice.word(earlier, MemberWord.WEIGHT) &&
      sameName(b, targetAt(choice, i), b, targetAt(choice, earlier));
    if (isSame) return true;
  }
  return false;
}

/**
 * SVCB and HTTPS: an RR for each endpoint. Those of addresses have the owner itself for their target (`.`,
 * RFC 9460 §2.5.2), whose addresses are chosen when they are asked for, and all their addresses as hints.
 * `own` are the bytes of the image with the pool that was asked for.
 */
export function putEndpoints(b: Bytes, own: Bytes, choice: Choice, arena: Arena): boolean {
  for (let i = 0; i < choice.count; i++) {
    if (isOfEarlier(b, choice, i)) continue;
    if (!putEndpoint(b, own, choice, i, arena)) return false;
  }
  return true;
}

function isOfEarlier(b: Bytes, choice: Choice, i: number): boolean {
  for (let earlier = 0; earlier < i; earlier++) if (areOne(b, choice, i, earlier)) return true;
  return false;
}

/** Whether one RR tells both: they have the same tier, port and alpn as these are told, and target. */
function areOne(b: Bytes, choice: Choice, i: number, other: number): boolean {
  if (choice.word(i, MemberWord.ENDPOINT) === choice.word(other, MemberWord.ENDPOINT)) return true;
  const isRevised = (choice.ofAsked(PoolWord.USE_PORT) | choice.ofAsked(PoolWord.USE_ALPN)) !== NONE;
  if (!isRevised && !haveDoubles(choice)) return false;
  const isHost = choice.word(i, KIND) === PoolKind.HOST;
  return (
    isHost === (choice.word(other, KIND) === PoolKind.HOST) &&
    choice.word(i, MemberWord.TIER) === choice.word(other, MemberWord.TIER) &&
    portOf(choice, i) === portOf(choice, other) &&
    (choice.ofAsked(PoolWord.USE_ALPN) !== NONE || haveSameAlpn(b, choice, i, other)) &&
    (!isHost || sameName(b, subjectAt(choice, i), b, subjectAt(choice, other)))
  );
}

function haveSameAlpn(b: Bytes, choice: Choice, i: number, other: number): boolean {
  const at = choice.word(i, MemberWord.ALPN);
  const otherAt = choice.word(other, MemberWord.ALPN);
  if (at === NONE || otherAt === NONE) return at === otherAt;
  const length = u16(b, at - 2);
  return length === u16(b, otherAt - 2) && sameBytes(b, at, otherAt, length);
}

function sameBytes(b: Bytes, at: number, otherAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (b[at + i] !== b[otherAt + i]) return false;
  return true;
}

function putEndpoint(b: Bytes, own: Bytes, choice: Choice, i: number, arena: Arena): boolean {
  const isHost = choice.word(i, KIND) === PoolKind.HOST;
  const port = portOf(choice, i);
  const ownAlpn = choice.ofAsked(PoolWord.USE_ALPN);
  const alpn = ownAlpn || choice.word(i, MemberWord.ALPN);
  const from = ownAlpn === NONE ? b : own;
  const ipv4 = isHost ? 0 : IPV4_BYTES * countHints(b, choice, i, PoolKind.IPV4);
  const ipv6 = isHost ? 0 : IPV6_BYTES * countHints(b, choice, i, PoolKind.IPV6);
  const target = isHost ? nameLength(b, subjectAt(choice, i)) : 1;
  const alpnBytes = alpn === NONE ? 0 : u16(from, alpn - 2);
  if (!arena.beginRr(SVC_BYTES_MAX + target + alpnBytes + ipv4 + ipv6)) return false;
  arena.put16(choice.word(i, MemberWord.TIER) + 1); // Priority 0 would be an alias (RFC 9460 §2.4.1).
  if (isHost) arena.putName(b, subjectAt(choice, i));
  else arena.put8(0);
  // RFC 9460 §2.2: keys in strictly rising order.
  if (alpn !== NONE) {
    putKey(arena, SvcKey.ALPN, alpnBytes);
    arena.putBytes(from, alpn, alpnBytes);
  }
  if (port !== NONE) {
    putKey(arena, SvcKey.PORT, 2);
    arena.put16(port);
  }
  if (ipv4 > 0) putHints(b, choice, i, PoolKind.IPV4, SvcKey.IPV4_HINT, ipv4, arena);
  if (ipv6 > 0) putHints(b, choice, i, PoolKind.IPV6, SvcKey.IPV6_HINT, ipv6, arena);
  arena.endRr();
  return true;
}

function putKey(arena: Arena, key: number, bytes: number): void {
  arena.put16(key);
  arena.put16(bytes);
}

function putHints(
  b: Bytes,
  choice: Choice,
  like: number,
  kind: number,
  key: number,
  bytes: number,
  arena: Arena,
): void {
  putKey(arena, key, bytes);
  for (let i = like; i < choice.count; i++)
    if (isHint(b, choice, i, like, kind)) arena.putBytes(b, subjectAt(choice, i), addressBytes(kind));
}

/** Whether the member in place `i` is an address of that kind at the same endpoint, and the first such. */
function isHint(b: Bytes, choice: Choice, i: number, like: number, kind: number): boolean {
  if (choice.word(i, KIND) !== kind || !areOne(b, choice, i, like)) return false;
  if (!haveDoubles(choice)) return true;
  const length = addressBytes(kind);
  for (let earlier = like; earlier < i; earlier++) {
    const isSame =
      choice.word(earlier, KIND) === kind &&
      sameBytes(b, subjectAt(choice, i), subjectAt(choice, earlier), length) &&
      areOne(b, choice, earlier, like);
    if (isSame) return false;
  }
  return true;
}

function countHints(b: Bytes, choice: Choice, like: number, kind: number): number {
  let count = 0;
  for (let i = like; i < choice.count; i++) if (isHint(b, choice, i, like, kind)) count++;
  return count;
}

/** CNAME: there is one in the list, a host. */
export function putAlias(b: Bytes, choice: Choice, arena: Arena): boolean {
  const at = subjectAt(choice, 0);
  if (!arena.beginRr(nameLength(b, at))) return false;
  arena.putName(b, at);
  arena.endRr();
  return true;
}

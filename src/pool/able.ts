/** Before the stages of a choice: which members could answer what is asked at all. */
import type { World } from '../base/world.ts';
import { PoolKind } from '../wire/pool.ts';
import type { Choice } from './choice.ts';
import type { Flattened } from './flattened.ts';
import { lookAtHost } from './host-member.ts';
import { firstMember, MEMBER_WORDS, MemberWord, membersEnd, NONE, PoolWord } from './plan.ts';

const { KIND, PORT, ALPN } = MemberWord;
const STRIDE = MEMBER_WORDS;
const HOST_KIND = PoolKind.HOST;

/** What members become: SERVICE is SVCB and HTTPS, ALIAS is CNAME. */
export const Projection = { IPV4: 0, IPV6: 1, SRV: 2, SERVICE: 3, ALIAS: 4 } as const;

/** Begins the list with them. Without `hosts` nobody knows the addresses of any. */
export function listAble(
  choice: Choice,
  projection: number,
  hosts: Flattened | undefined,
  world: World,
): void {
  const { plan, pool, members } = choice;
  const end = membersEnd(plan, pool);
  const kindWanted = KINDS[projection] as number;
  let count = 0;
  for (let member = firstMember(pool); member < end; member += STRIDE) {
    const kind = plan[member + KIND] as number;
    const isAble =
      kindWanted === ANY_KIND
        ? serves(choice, member, projection)
        : kind === kindWanted || (kind === HOST_KIND && hasAddress(choice, member, kindWanted, hosts, world));
    if (isAble) members[count++] = member;
  }
  choice.count = count;
  if (count === 0 && choice.isUnresolved) choice.verdict = 'servfail';
}

/** A host of which it is not known whether it has any could be the answer, if nobody else is. */
function hasAddress(
  choice: Choice,
  member: number,
  kind: number,
  hosts: Flattened | undefined,
  world: World,
): boolean {
  if (hosts !== undefined) lookAtHost(hosts, choice.plan, member, kind);
  if (hosts?.isTold !== true) choice.isUnresolved = true;
  else if (hosts.count === 0) choice.promise(hosts.ttl(world.nowMs()));
  return hosts !== undefined && hosts.count > 0;
}

const ANY_KIND = -1;
/** Of whom alone a projection is. */
const KINDS = Int32Array.of(PoolKind.IPV4, PoolKind.IPV6, ANY_KIND, ANY_KIND, PoolKind.HOST);

/** The kind of address that members become; undefined where they become something else. */
export const addressKind = (projection: number): number | undefined =>
  projection <= Projection.IPV6 ? KINDS[projection] : undefined;

function serves(choice: Choice, member: number, projection: number): boolean {
  const { plan } = choice;
  const hasPort = (choice.ofAsked(PoolWord.USE_PORT) || plan[member + PORT]) !== NONE;
  if (projection === Projection.SRV) return hasPort;
  // Who speaks HTTP only is not to be asked for by HTTPS (RFC 9460 §9.5): that has to be said.
  return hasPort || (choice.ofAsked(PoolWord.USE_ALPN) || plan[member + ALPN]) !== NONE;
}

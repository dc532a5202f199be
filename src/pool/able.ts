/** Before the stages of a choice: which members could answer what is asked at all. */
import { PoolKind } from '../wire/pool.ts';
import type { Choice } from './choice.ts';
import { MemberWord, NONE, PoolWord } from './plan.ts';

/** What members become: SERVICE is SVCB and HTTPS, ALIAS is CNAME. */
export const Projection = { IPV4: 0, IPV6: 1, SRV: 2, SERVICE: 3, ALIAS: 4 } as const;

export function keepAble(choice: Choice, projection: number): void {
  let kept = 0;
  for (let i = 0; i < choice.count; i++) {
    if (isAble(choice, i, projection)) choice.members[kept++] = choice.members[i] as number;
  }
  choice.count = kept;
}

function isAble(choice: Choice, i: number, projection: number): boolean {
  const kind = choice.word(i, MemberWord.KIND);
  const hasPort = choice.ofAsked(PoolWord.USE_PORT) !== NONE || choice.word(i, MemberWord.PORT) !== NONE;
  switch (projection) {
    case Projection.IPV4:
      return kind === PoolKind.IPV4;
    case Projection.IPV6:
      return kind === PoolKind.IPV6;
    case Projection.SRV:
      return hasPort && (kind === PoolKind.HOST || choice.word(i, MemberWord.DERIVED) !== NONE);
    case Projection.ALIAS:
      return kind === PoolKind.HOST;
    default: // Who speaks HTTP only is not to be asked for by HTTPS (RFC 9460 §9.5): that has to be said.
      return (
        choice.ofAsked(PoolWord.USE_ALPN) !== NONE || choice.word(i, MemberWord.ALPN) !== NONE || hasPort
      );
  }
}

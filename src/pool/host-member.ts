/**
 * The addresses of a member that is a host, as answers have them: of one that has checks those that its view
 * tells, once the prober has looked at them; of all others what is known.
 */
import { PoolKind } from '../wire/pool.ts';
import { type Flattened, HostState } from './flattened.ts';
import { MemberWord, type PlanWords, Status } from './plan.ts';

/** Into the fields of `hosts`, but for the addresses. */
export function lookAtHost(hosts: Flattened, plan: PlanWords, member: number, kind: number): void {
  const hash = plan[member + MemberWord.HOST_HASH] as number;
  const view = plan[member + MemberWord.VIEW] as number;
  if (view >= 0) hosts.look(view, hash, kind);
  if (view < 0 || !hosts.isTold) hosts.look(plan[member + MemberWord.HOST] as number, hash, kind);
}

/** The same, with the addresses. */
export function readHost(hosts: Flattened, plan: PlanWords, member: number, kind: number): void {
  const hash = plan[member + MemberWord.HOST_HASH] as number;
  const view = plan[member + MemberWord.VIEW] as number;
  if (view >= 0) hosts.read(view, hash, kind);
  if (view < 0 || !hosts.isTold) hosts.read(plan[member + MemberWord.HOST] as number, hash, kind);
}

/** It is up, but none of its addresses of that kind is, and nobody wants it told all the same. */
export function isHostDown(hosts: Flattened, plan: PlanWords, member: number, kind: number): boolean {
  const view = plan[member + MemberWord.VIEW] as number;
  if (plan[member + MemberWord.KIND] !== PoolKind.HOST || view < 0) return false;
  if (((plan[member + MemberWord.STATUS] as number) & (Status.HELD | Status.EJECT_SPARED)) !== 0)
    return false;
  hosts.look(view, plan[member + MemberWord.HOST_HASH] as number, kind);
  return hosts.state === HostState.DOWN;
}

/**
 * The seam to the zones that this very server holds. They are never asked over the network and never altered
 * from outside: whatever name is in hand, be it the question's, an alias target or a server's, they are asked
 * first.
 */
import { Rcode, Type } from '../wire/codes.ts';
import { type Name, ownName } from '../wire/name.ts';
import { rrsetType } from '../wire/rrset.ts';
import { aliasTarget } from './alias.ts';
import { ended, type Finding, followsAliases, type Outcome } from './outcome.ts';

/** Who is answered in the end, as far as it is known: so many bits of an address. */
export interface ClientNetwork {
  readonly address: Uint8Array;
  readonly bits: number;
}

export type OwnFinding =
  | { readonly kind: 'outside' }
  /**
   * Data, NODATA, NXDOMAIN, or an alias chain as far as we hold it. Pools choose when they are asked for the
   * outcome, for that client alone; without one, for nobody in particular.
   */
  | { readonly kind: 'answer'; readonly outcomeFor: (network?: ClientNetwork) => Outcome }
  /** Below a cut in a zone of ours: the place to start from, instead of the cache or the root. */
  | {
      readonly kind: 'delegation';
      readonly cut: Name;
      readonly servers: readonly { readonly name: Name; readonly addresses: readonly string[] }[];
    };

export interface OwnZones {
  ask(name: Name, type: number): OwnFinding;
}

/** For a server without zones. */
export const noOwnZones: OwnZones = { ask: () => ({ kind: 'outside' }) };

/**
 * What our zones say, as a finding: an end, or an alias to go on from. Whether that leaves us is asked of us
 * again.
 */
export function ownFinding(outcome: Outcome, type: number): Finding {
  const last = outcome.answer.at(-1);
  const goesOn =
    last !== undefined &&
    followsAliases(type) &&
    outcome.rcode === Rcode.NOERROR &&
    rrsetType(last.block, 0) === Type.CNAME;
  if (!goesOn) return ended(outcome);
  const target = ownName(aliasTarget(last.block));
  return { kind: 'alias', links: outcome.answer, target, authoritative: outcome.authoritative === true };
}

/** How the server stands, for `cairn ctl status`: gathered when somebody asks, as plain values. */
import type { World } from '../base/world.ts';
import type { Doors } from './doors.ts';
import type { House } from './house.ts';
import type { Monitor } from './monitor.ts';
import type { PoolStanding } from './pool-standings.ts';
import type { ResolverStanding } from './resolver-gauges.ts';
import { VERSION } from './version.ts';

export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly upSeconds: number;
  readonly addresses: readonly string[];
  readonly frontThreads: number;
  readonly tcpConnections: number;
  /** Undefined where names of others are not resolved. */
  readonly resolver: (ResolverStanding & { readonly cacheBytesMax: number }) | undefined;
  readonly reloadRefused: boolean;
  readonly pools: {
    readonly pools: number;
    readonly members: number;
    /** Members out by a check or by the operator. */
    readonly down: number;
    /** Pools that have nobody who is up. */
    readonly allDown: number;
    /** Times that a member of theirs went in or out. */
    readonly changes: number;
  };
  readonly zones: readonly {
    readonly name: string;
    readonly serial: number;
    readonly records: number;
    readonly file: string | undefined;
  }[];
}

export interface StatusSources {
  readonly house: Pick<House, 'served' | 'settings'>;
  readonly doors: Pick<Doors, 'addresses'>;
  readonly monitor: Pick<Monitor, 'standing'>;
  readonly world: World;
}

export function statusOf({ house, doors, monitor, world }: StatusSources): Status {
  const { catalog, origins } = house.served;
  const { recursion } = house.settings;
  const standing = monitor.standing;
  const resolver = standing && recursion.enabled && standing.resolver;
  return {
    version: VERSION,
    pid: process.pid,
    upSeconds: Math.floor(world.nowMs() / 1000),
    addresses: doors.addresses,
    frontThreads: standing?.frontThreads ?? 0,
    tcpConnections: standing?.tcpConnections ?? 0,
    resolver: resolver ? { ...resolver, cacheBytesMax: recursion.cacheBytes } : undefined,
    reloadRefused: standing?.reload?.isTaken === false,
    pools: poolsOf(standing?.pools ?? []),
    zones: catalog.images.map(({ apexText, serial, recordCount }) => ({
      ...{ name: apexText, serial, records: recordCount },
      file: origins.get(apexText)?.content.files[0]?.path,
    })),
  };
}

function poolsOf(standings: readonly PoolStanding[]): Status['pools'] {
  const sum = (of: (each: PoolStanding) => number): number =>
    standings.reduce((total, each) => total + of(each), 0);
  const all = ({ members }: PoolStanding): number => Object.values(members).reduce((a, b) => a + b, 0);
  return {
    pools: sum(({ count }) => count),
    members: sum(all),
    down: sum(({ members }) => members.down + members.drained),
    allDown: sum(({ down }) => down),
    changes: sum(({ changes }) => changes),
  };
}

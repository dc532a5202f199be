/**
 * Who holds the simulated internet: zones, which change; their tenures, which is who serves a zone from when
 * to when and what it says meanwhile; and servers with their manners. The history of all of it is kept, for
 * what was true some time ago may be answered now.
 */
import type { Contents } from './contents.ts';

/** How a server differs from the textbook, for good. */
export interface Manners {
  readonly roundTripMs: number;
  /** What EDNS meets with. */
  readonly edns: 'understood' | 'ignored' | 'FORMERR' | 'bare FORMERR' | 'NOTIMP' | 'BADVERS';
  readonly keepsCase: boolean;
  /** Over UDP it says TC, whatever the size. */
  readonly truncates: boolean;
  /** What it says of every zone it was named for. */
  readonly lame: 'no' | 'REFUSED' | 'SERVFAIL' | 'refers up';
  /** Adds what it holds of an alias's target. */
  readonly chases: boolean;
  /** Adds NS and glue to answers. */
  readonly talks: boolean;
}

export interface Server {
  readonly addresses: readonly string[];
  readonly manners: Manners;
  /** By apex. */
  readonly serves: Map<string, Tenure>;
  isAlive: boolean;
  /** Whoever means harm has a number, which is in every address it gives. */
  readonly liar?: number;
}

export interface Version {
  readonly fromMs: number;
  readonly contents: Contents;
}

/** One set of servers that a zone is delegated to. */
export interface Tenure {
  readonly zone: Zone;
  /** The oldest first. */
  readonly versions: Version[];
  readonly hosts: readonly Host[];
  readonly fromMs: number;
  /** Nobody who keeps to the TTLs can find it later. */
  reachableUntilMs: number;
}

/** A name of a server. */
export interface Host {
  readonly name: string;
  readonly server: Server;
}

export interface Zone {
  readonly apex: string;
  readonly parent: Zone | undefined;
  readonly children: Zone[];
  readonly tenures: Tenure[];
  readonly delegationTtl: number;
  /** Served by a liar. */
  readonly liar?: number;
  /** Its contents may be edited, it may move. */
  readonly isLeaf: boolean;
}

export const now = (tenure: Tenure): Contents => last(tenure.versions).contents;
export const tenureOf = (zone: Zone): Tenure => last(zone.tenures);

function last<T>(list: readonly T[]): T {
  const item = list.at(-1);
  if (item === undefined) throw new Error('a history is never empty');
  return item;
}

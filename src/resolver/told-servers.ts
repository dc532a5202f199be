/** What is remembered of other servers, as plain values for whoever asks: the slow, the lame, or all. */
import { SERVERS_TOLD_MAX } from '../base/limits.ts';

export interface ToldServer {
  readonly address: string;
  /** Queries sent to it of late. */
  readonly perSecond: number;
  /** Smoothed, with its deviation; undefined until it answered once. */
  readonly rttMs: number | undefined;
  readonly deviationMs: number;
  /** Times in a row that it fell silent. */
  readonly silences: number;
  readonly withoutEdns: boolean;
  readonly withoutRandomCase: boolean;
  /** Zones it was named for and does not serve. */
  readonly lameFor: readonly string[];
}

export type Which = 'all' | 'slow' | 'lame' | 'busy';

/** The silent first, then the slowest; or the busiest; the first of so many. */
export function chosen(servers: readonly ToldServer[], which: Which): ToldServer[] {
  const wanted = {
    all: () => true,
    slow: ({ silences, rttMs = 0 }: ToldServer) => silences > 0 || rttMs >= SLOW_MS,
    lame: ({ lameFor }: ToldServer) => lameFor.length > 0,
    busy: ({ perSecond }: ToldServer) => perSecond > 0,
  }[which];
  const worst = (a: ToldServer, b: ToldServer): number =>
    b.silences - a.silences || (b.rttMs ?? 0) - (a.rttMs ?? 0);
  const busiest = (a: ToldServer, b: ToldServer): number => b.perSecond - a.perSecond;
  return servers
    .filter(wanted)
    .sort(which === 'busy' ? busiest : worst)
    .slice(0, SERVERS_TOLD_MAX);
}

/** Half the world away is nearer. */
const SLOW_MS = 400;

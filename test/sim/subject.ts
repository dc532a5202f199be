/**
 * What is put to the test: the resolver as the server makes it, over a network and a world of the test's own.
 */
import type { NameServer } from '../../src/resolver/delegation.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import type { Minimisation } from '../../src/resolver/minimise.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import type { Upstream } from '../../src/resolver/upstream.ts';
import { type Name, nameFromText } from '../../src/wire/name.ts';
import type { VirtualWorld } from '../scenarios/virtual-world.ts';

export interface Subject {
  readonly world: VirtualWorld;
  readonly upstream: Upstream;
  readonly rootHints: readonly NameServer[];
  readonly minimise: Minimisation;
  readonly useCaseRandomisation: boolean;
  readonly cacheBytes: number;
  readonly neverQuery?: ReadonlySet<string>;
  readonly onBug: (error: unknown) => void;
}

export const CLIENT_MS = 5_000;

export const makeRecursor = ({ world, upstream, ...rest }: Subject): Recursor =>
  new Recursor(
    {
      neverQuery: new Set(),
      upstreamPort: 53,
      localNames: [],
      hosts: undefined,
      clientMs: CLIENT_MS,
      // What has expired is not the truth: laws about it are the scenarios'.
      freshness: { ...FRESHNESS_DEFAULT, stale: undefined },
      ...rest,
    },
    world,
    upstream,
    noOwnZones,
  );

export function name(text: string): Name {
  const parsed = nameFromText(text === '' ? '.' : text);
  if (parsed === undefined) throw new Error(`no name: ${text}`);
  return parsed;
}

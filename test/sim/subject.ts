/**
 * What is put to the test: the resolver as the server makes it, over a network and a world of the test's own.
 */
import type { NameServer } from '../../src/resolver/delegation.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import type { Minimisation } from '../../src/resolver/minimise.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import type { Route } from '../../src/resolver/routes.ts';
import type { Upstream } from '../../src/resolver/upstream.ts';
import { type Name, nameFromText } from '../../src/wire/name.ts';
import type { VirtualWorld } from '../scenarios/virtual-world.ts';

export interface Subject {
  readonly world: VirtualWorld;
  readonly upstream: Upstream;
  readonly rootHints: readonly NameServer[];
  readonly routes?: readonly Route[];
  readonly minimise: Minimisation;
  readonly useCaseRandomisation: boolean;
  readonly cacheBytes: number;
  /** Whether what has expired is told where nobody answers (RFC 8767). */
  readonly servesStale: boolean;
  /** Whether what is about to expire is asked for anew. */
  readonly prefetch: boolean;
  readonly neverQuery?: ReadonlySet<string>;
  readonly onBug: (error: unknown) => void;
}

export const CLIENT_MS = 5_000;

export const makeRecursor = ({ world, upstream, servesStale, prefetch, ...rest }: Subject): Recursor =>
  new Recursor(
    {
      neverQuery: new Set(),
      upstreamPort: 53,
      localNames: [],
      hosts: undefined,
      clientMs: CLIENT_MS,
      freshness: {
        ...FRESHNESS_DEFAULT,
        prefetch,
        stale: servesStale ? FRESHNESS_DEFAULT.stale : undefined,
      },
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

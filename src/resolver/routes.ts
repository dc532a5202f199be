/**
 * Rules of the operator about whom to ask for names at and below an apex: resolvers that do the work (a
 * forward zone), servers of the zone that no delegation need name (a stub zone), or, below such a zone,
 * whoever the delegations from the root lead to. Of several rules the one of the closest name holds. What was
 * heard by one way never answers for names of another (LIMITS B13).
 */
import { Type } from '../wire/codes.ts';
import { type Name, nameKey, parentName } from '../wire/name.ts';
import type { Delegation, NameServer } from './delegation.ts';
import type { Asked } from './wish.ts';

export interface Route {
  readonly how: 'forward' | 'stub' | 'iterate';
  readonly apex: Name;
  /** Addresses may end in `@` and a port. They are asked whatever else forbids to. */
  readonly servers: readonly NameServer[];
  readonly via: 'udp' | 'tcp';
  /** Whether names are resolved from the root where no forwarder resolves them. */
  readonly first: boolean;
}

export class Routes {
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(routes: readonly Route[]) {
    this.#routes = new Map(routes.map((route) => [nameKey(route.apex), route]));
  }

  /** The rule for a question; none where it goes the way of all names, from the root down. */
  of({ name, type }: Asked): Route | undefined {
    if (this.#routes.size === 0) return undefined;
    // RFC 4035 §4.2: the parent has the DS.
    const from = type === Type.DS ? parentName(name) : name;
    const key = nameKey(from);
    for (let at = 0; ; at += (from[at] as number) + 1) {
      const route = this.#routes.get(key.slice(at));
      if (route !== undefined || from[at] === 0) return route;
    }
  }

  /** Whether both are asked of the same servers: what is heard on the way to one is kept of no other. */
  isOneWay(heard: Asked, asked: Asked): boolean {
    return this.#routes.size === 0 || wayOf(this.of(heard)) === wayOf(this.of(asked));
  }
}

/** The stub zone that a name is in, whose servers delegate as they like and for nobody else. */
export const stubOf = (route: Route | undefined): Route | undefined =>
  route?.how === 'stub' ? route : undefined;

/** An exception leads to the servers that are asked without any rule. */
const wayOf = (route: Route | undefined): Route | undefined => (route?.how === 'iterate' ? undefined : route);

/** Where the servers of the rule are asked, for as long as there is the rule. */
export const placeOf = (route: Route): Delegation => ({
  cut: route.apex,
  servers: route.servers,
  expiresMs: Number.POSITIVE_INFINITY,
  route,
});

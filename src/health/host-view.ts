/**
 * A host that is a member and has checks, as the prober sees it: each of its addresses is probed, the member
 * is up while one of them is, and those that are up are told. In: what the resolver thread says that the
 * addresses are (pool/flattened), and their targets. Out: the member's health, and the host's view in that
 * table, of which the prober is the one writer.
 */
import { type Bytes, copyOf } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, ipText } from '../base/ip.ts';
import { type Flattened, HostState } from '../pool/flattened.ts';
import { PoolKind } from '../wire/pool.ts';
import { both, either, type Health, Standing } from './health.ts';
import type { Target } from './targets.ts';

/** Where a host stands in the table. */
export interface HostPlace {
  readonly slot: number;
  readonly hash: number;
  readonly view: number;
}

export interface HostAddress {
  readonly text: string;
  readonly bytes: Bytes;
  /** It was told before, and so the member's health was its own; undefined where nobody can say. */
  readonly wasToldAs: 'up' | 'down' | undefined;
}

/** What is known of the addresses of one kind. */
export interface HostFamily<Address = HostAddress> {
  readonly kind: number;
  readonly addresses: readonly Address[];
  readonly said: Said;
}

/** Of all of them, as it stood in the table. */
interface Said {
  readonly version: number;
  readonly state: number;
  readonly untilMs: number;
  readonly isTold: boolean;
}

export interface ProbedAddress extends HostAddress {
  /** None where it may not be probed. */
  readonly targets: readonly Target[];
}

const KINDS = [PoolKind.IPV4, PoolKind.IPV6] as const;
const UP_EVER: Health = { standing: Standing.UP, sinceMs: -Infinity, untilMs: Infinity };
const UNKNOWN: Health = { standing: Standing.PENDING, sinceMs: -Infinity, untilMs: -Infinity };

export function familiesOf(table: Flattened, { slot, hash, view }: HostPlace): HostFamily[] {
  return KINDS.map((kind) => {
    const before = readFamily(table, view, hash, kind);
    const wasToldAs = new Map(before.addresses.map(({ text }) => [text, TOLD_AS[before.said.state]]));
    const { addresses, said } = readFamily(table, slot, hash, kind);
    const remembered = addresses.map((each) => ({ ...each, wasToldAs: wasToldAs.get(each.text) }));
    return { kind, addresses: remembered, said };
  });
}

const TOLD_AS: Readonly<Record<number, HostAddress['wasToldAs']>> = {
  [HostState.KNOWN]: 'up',
  [HostState.STALE]: 'up',
  [HostState.DOWN]: 'down',
};

function readFamily(
  table: Flattened,
  slot: number,
  hash: number,
  kind: number,
): Omit<HostFamily<Pick<HostAddress, 'text' | 'bytes'>>, 'kind'> {
  const version = table.version(slot, kind);
  table.read(slot, hash, kind);
  const { state, untilMs, isTold } = table;
  const size = kind === PoolKind.IPV4 ? IPV4_BYTES : IPV6_BYTES;
  const addresses = Array.from({ length: table.count }, (_, i) => {
    const bytes = copyOf(table.addresses, i * size, (i + 1) * size);
    return { text: ipText(bytes), bytes };
  });
  return { addresses, said: { version, state, untilMs, isTold } };
}

export class HostView {
  readonly place: HostPlace;
  readonly #table: Flattened;
  readonly #families: HostFamily<ProbedAddress>[];

  constructor(table: Flattened, place: HostPlace, families: readonly HostFamily<ProbedAddress>[]) {
    this.#table = table;
    this.place = place;
    this.#families = [...families];
  }

  get targets(): Target[] {
    return this.#addresses.flatMap(({ targets }) => targets);
  }

  /** Of the member; undefined where nobody probes any of its addresses. */
  get health(): Health | undefined {
    const addresses = this.#addresses;
    if (addresses.length === 0) return this.#healthWithout;
    if (addresses.every(({ targets }) => targets.length === 0)) return undefined;
    return addresses.map(healthOf).reduce(either);
  }

  /** Looks at what is said of its addresses now: of the same ones it is followed at once. */
  follow(): 'same' | 'moved' | 'others' {
    const { slot, hash } = this.place;
    let hasMoved = false;
    for (const [i, { kind, addresses, said }] of this.#families.entries()) {
      if (this.#table.version(slot, kind) === said.version) continue;
      const now = readFamily(this.#table, slot, hash, kind);
      const texts = new Set(now.addresses.map(({ text }) => text));
      if (texts.size !== addresses.length || addresses.some(({ text }) => !texts.has(text))) return 'others';
      this.#families[i] = { kind, addresses, said: now.said };
      this.#writeFamily(this.#families[i]);
      hasMoved = true;
    }
    return hasMoved ? 'moved' : 'same';
  }

  write(): void {
    for (const family of this.#families) this.#writeFamily(family);
  }

  /** Whoever looks for it from now on finds nothing. */
  forget(): void {
    for (const kind of KINDS) this.#table.write(this.place.view, 0, kind, HostState.PENDING, [], 0);
  }

  /** A host that has no address is not reached; of one that nobody has found yet, nobody knows. */
  get #healthWithout(): Health {
    if (!this.#families.every(({ said }) => said.isTold)) return UNKNOWN;
    const untilMs = Math.min(...this.#families.map(({ said }) => said.untilMs));
    return { standing: Standing.DOWN, sinceMs: -Infinity, untilMs };
  }

  get #addresses(): ProbedAddress[] {
    return this.#families.flatMap(({ addresses }) => addresses);
  }

  /** Who is up; where nobody is, who has no result yet; else all. */
  #writeFamily({ kind, addresses, said }: HostFamily<ProbedAddress>): void {
    const { hash, view } = this.place;
    const those = (standing: Standing): ProbedAddress[] =>
      addresses.filter((each) => healthOf(each).standing === standing);
    const [up, pending] = [those(Standing.UP), those(Standing.PENDING)];
    const told = [up, pending, addresses].find(({ length }) => length > 0) ?? [];
    const state = told.length > 0 && up.length === 0 ? HostState.DOWN : said.state;
    const bytes = told.map((each) => each.bytes);
    this.#table.write(view, hash, kind, state, bytes, said.untilMs);
  }
}

const healthOf = ({ targets }: ProbedAddress): Health =>
  targets.length === 0 ? UP_EVER : targets.map(({ health }) => health).reduce(both);

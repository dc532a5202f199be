/**
 * A check, as the operator describes it: what is done to an address, how often, and how many results in a row
 * count. Plain values, which can be posted to the prober thread. A target is one address (and port) with one
 * check; it is probed once, however many pools have it.
 */

export const CHECK_KINDS = ['tcp', 'tls', 'http', 'https', 'dns', 'exec', 'external'] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];

export interface TlsTerms {
  /** SNI, and what the certificate has to be for; undefined: no SNI, and it is for the address. */
  readonly serverName: string | undefined;
  /** Whether the certificate has to be good. */
  readonly verify: boolean;
}

export interface HttpTerms {
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  /** Undefined: the address itself. */
  readonly host: string | undefined;
  /** Status codes that are good, first and last of each range. */
  readonly expect: readonly (readonly [first: number, last: number])[];
  /** A text that the body has to have. */
  readonly contains: string | undefined;
}

export interface DnsTerms {
  /** In lower-case wire form. */
  readonly name: Uint8Array;
  readonly type: number;
  /** Good RCODEs. */
  readonly expect: readonly number[];
}

/** What is done. Where no port is given it is the member's, or the usual one. */
export type Procedure =
  | { readonly kind: 'tcp'; readonly port: number | undefined }
  | { readonly kind: 'tls'; readonly port: number | undefined; readonly tls: TlsTerms }
  | { readonly kind: 'http'; readonly port: number | undefined; readonly http: HttpTerms }
  | {
      readonly kind: 'https';
      readonly port: number | undefined;
      readonly tls: TlsTerms;
      readonly http: HttpTerms;
    }
  | { readonly kind: 'dns'; readonly port: number | undefined; readonly dns: DnsTerms }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | { readonly kind: 'external' };

export interface Check {
  readonly name: string;
  readonly procedure: Procedure;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Good results in a row that bring a target back… */
  readonly rise: number;
  /** …and bad ones that take it out. */
  readonly fall: number;
}

/** How much the prober may do. */
export interface ProbeTerms {
  /** Addresses and prefixes that may be probed; undefined: all but what `reach` bans. */
  readonly allow: readonly string[] | undefined;
  readonly perSecond: number;
  readonly atOnce: number;
}

const PORTS: Readonly<Partial<Record<CheckKind, number>>> = { tls: 443, http: 80, https: 443, dns: 53 };

/** 0 where the kind has none. */
export const usualPort = (kind: CheckKind): number => PORTS[kind] ?? 0;

/**
 * Where a target is probed: as the check says, else at the member's port, else at the usual one. Undefined
 * where nobody says. A program need not know a port.
 */
export function probedPort({ procedure }: Check, memberPort: number | undefined): number | undefined {
  const own = 'port' in procedure ? procedure.port : undefined;
  return own ?? memberPort ?? (procedure.kind === 'tcp' ? undefined : usualPort(procedure.kind));
}

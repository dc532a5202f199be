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

/** What can be asked for by SNI (RFC 6066 §3): a name, and no address. */
export const SERVER_NAME_FORM = /^(?![\d.]+$)[\w.-]{1,253}$/;

/** Whether it is another probe for another host at the same address: the check itself names none. */
const namesNobody = (procedure: Procedure): boolean =>
  'http' in procedure
    ? procedure.http.host === undefined
    : procedure.kind === 'tls' && procedure.tls.serverName === undefined;

/** The host's own name, where that is what is asked for at its addresses; without the final dot. */
export function nameAskedFor({ procedure }: Check, host: string): string | undefined {
  const name = host.replace(/\.$/, '');
  return namesNobody(procedure) && SERVER_NAME_FORM.test(name) ? name : undefined;
}

/** The same, asking for that name where it names none itself. */
export function askingFor(name: string, procedure: Procedure, port: number): Procedure {
  switch (procedure.kind) {
    case 'tls':
      return { ...procedure, tls: named(name, procedure.tls) };
    case 'http':
      return { ...procedure, http: { ...procedure.http, host: hostOf(name, procedure, port) } };
    case 'https':
      return {
        ...procedure,
        tls: named(name, procedure.tls),
        http: { ...procedure.http, host: hostOf(name, procedure, port) },
      };
    default:
      return procedure;
  }
}

const named = (name: string, tls: TlsTerms): TlsTerms => ({ ...tls, serverName: tls.serverName ?? name });

/** RFC 9110 §7.2: with the port, unless it is the usual one. */
const hostOf = (name: string, { kind }: Procedure, port: number): string =>
  port === usualPort(kind) ? name : `${name}:${port}`;

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

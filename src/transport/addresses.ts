/**
 * Where to listen. An operator writes `127.0.0.1:5300`, `[::1]:53` or `*:53`; out come concrete local
 * addresses: where we are reached, and one socket each where a socket bound to a wildcard could not answer
 * from the address asked (RFC 2181 §4.1). Addresses come and go, so whoever listens asks again.
 */
import { networkInterfaces } from 'node:os';
import { ipText, parseIpv4, parseIpv6 } from '../base/ip.ts';

export interface Listen {
  /** Canonical text, an IPv6 scope included; or `*`, every address of the machine. */
  readonly address: string;
  /** 0: one that the system chooses. */
  readonly port: number;
}

const DNS_PORT = 53;

/** What the text means, or what was expected of it. */
export function parseListen(text: string, defaultPort = DNS_PORT): Listen | string {
  const [host, portText] = hostAndPort(text);
  const address = host === '*' ? '*' : canonicalAddress(host);
  if (address === undefined) {
    return 'an address to listen on, as in 127.0.0.1:53, [::1]:53, or *:53 for every address of this machine';
  }
  if (portText === undefined) return { address, port: defaultPort };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : -1;
  return port < 0 || port > 65_535 ? 'a port from 0 to 65535 behind the address' : { address, port };
}

export const listenText = ({ address, port }: Listen): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function hostAndPort(text: string): [host: string, port: string | undefined] {
  if (text.startsWith('[')) {
    const [, inside = '', port] = /^\[([^\]]*:[^\]]*)\](?::(.*))?$/.exec(text) ?? [];
    return [inside, port];
  }
  const colon = text.indexOf(':');
  // More than one colon outside brackets: an IPv6 address and nothing else.
  if (colon < 0 || colon !== text.lastIndexOf(':')) return [text, undefined];
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function canonicalAddress(text: string): string | undefined {
  const percent = text.indexOf('%');
  const scope = percent < 0 ? '' : text.slice(percent);
  const bytes = scope === '' ? (parseIpv4(text) ?? parseIpv6(text)) : parseIpv6(text.slice(0, percent));
  return bytes === undefined || scope === '%' ? undefined : ipText(bytes) + scope;
}

/** Every address of this machine, link-local ones with their interface as scope. */
export function localAddresses(interfaces = networkInterfaces()): string[] {
  const found = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, family, scopeid }) =>
      family === 'IPv6' && scopeid !== 0 ? `${address}%${name}` : address,
    ),
  );
  return [...new Set(found)];
}

/** The number of the interface that an IPv6 scope names, which may be a number itself. */
export function scopeIndex(scope: string, interfaces = networkInterfaces()): number {
  const own = (interfaces[scope] ?? []).find((each) => each.family === 'IPv6' && each.scopeid !== 0);
  return own?.family === 'IPv6' ? own.scopeid : Number(scope) || 0;
}

/** The addresses of this machine that are meant. */
export function concreteAddresses(address: string, local: readonly string[] = localAddresses()): string[] {
  if (address === '*') return [...local];
  if (address === '0.0.0.0') return local.filter((each) => !each.includes(':'));
  if (address === '::') return local.filter((each) => each.includes(':'));
  return [address];
}

/** What to open and what to close when the addresses were `old` and now are `now`. */
export const diffAddresses = (
  old: readonly string[],
  now: readonly string[],
): { came: string[]; went: string[] } => ({
  came: now.filter((address) => !old.includes(address)),
  went: old.filter((address) => !now.includes(address)),
});

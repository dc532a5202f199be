/**
 * A hosts file (hosts(5)): an address and its names on each line, `#` to the end of the line. Served as A,
 * AAAA and PTR before anybody is asked. A name that is listed with one kind of address has none of the other:
 * it is nobody else's to add one. Other types of such a name are resolved as ever.
 */
import { equalBytes } from '../base/bytes.ts';
import { IPV4_BYTES, parseIpv4, parseIpv6 } from '../base/ip.ts';
import { COMPLAINTS_MAX, HOSTS_SECONDS } from '../base/limits.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { type Name, nameFromText, nameKey } from '../wire/name.ts';
import { packRrset } from '../wire/rrset.ts';
import type { Complaint } from '../zone/complaint.ts';
import { answered, denied, type Outcome } from './outcome.ts';

/** RRs of one name and type; more could not be served. */
const RRS_MAX = 100;

export class Hosts {
  /** By name, then type. */
  readonly #blocks: ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>;

  constructor(rdatas: ReadonlyMap<string, ReadonlyMap<number, readonly Uint8Array[]>>) {
    this.#blocks = new Map(
      [...rdatas].map(([key, types]) => [
        key,
        new Map([...types].map(([type, list]) => [type, packRrset(type, HOSTS_SECONDS, list)])),
      ]),
    );
  }

  get size(): number {
    return this.#blocks.size;
  }

  find(name: Name, type: number): Outcome | undefined {
    const types = this.#blocks.get(nameKey(name));
    if (types === undefined) return undefined;
    const block = types.get(type);
    if (block !== undefined) return answered([{ owner: name, block, ttl: HOSTS_SECONDS }], true);
    const isAddressType = type === Type.A || type === Type.AAAA;
    const hasAddress = types.has(Type.A) || types.has(Type.AAAA);
    return isAddressType && hasAddress ? denied(Rcode.NOERROR, undefined, true) : undefined;
  }
}

/** What could be read, and everything that could not. */
export function parseHosts(text: string, file: string): { hosts: Hosts; complaints: readonly Complaint[] } {
  const complaints: Complaint[] = [];
  const rdatas = new Map<string, Map<number, Uint8Array[]>>();
  const lines = text.split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    const [address, ...names] = (line.split('#', 1)[0] as string)
      .split(/[ \t]+/)
      .filter((word) => word !== '');
    if (address === undefined) continue;
    const fault = addLine(rdatas, address, names);
    if (fault === undefined || complaints.length >= COMPLAINTS_MAX) continue;
    complaints.push({ file, line: i + 1, column: 0, severity: 'error', text: fault });
  }
  return { hosts: new Hosts(rdatas), complaints };
}

type Rdatas = Map<string, Map<number, Uint8Array[]>>;

function addLine(rdatas: Rdatas, address: string, texts: readonly string[]): string | undefined {
  const bytes = parseIpv4(address) ?? parseIpv6(address);
  // A scoped address (fe80::1%lo0) is of use on this machine only, and the DNS cannot carry the scope.
  if (bytes === undefined)
    return address.includes('%') ? undefined : `${address}: expected an IPv4 or IPv6 address`;
  if (texts.length === 0) return `${address}: expected a name after the address`;
  const type = bytes.length === IPV4_BYTES ? Type.A : Type.AAAA;
  const names: Name[] = [];
  for (const text of texts) {
    const name = nameFromText(text);
    if (name === undefined || name.length === 1) return `${text}: expected a host name`;
    names.push(name);
  }
  for (const name of names) addRdata(rdatas, name, type, bytes);
  addRdata(rdatas, reverseName(bytes), Type.PTR, names[0] as Name);
  return undefined;
}

function addRdata(rdatas: Rdatas, name: Name, type: number, rdata: Uint8Array): void {
  const key = nameKey(name);
  const types = rdatas.get(key) ?? new Map<number, Uint8Array[]>();
  const list = types.get(type) ?? [];
  if (list.length < RRS_MAX && !list.some((other) => equalBytes(other, rdata))) list.push(rdata);
  types.set(type, list);
  rdatas.set(key, types);
}

/** RFC 1035 §3.5, RFC 3596 §2.5. */
function reverseName(address: Uint8Array): Name {
  const labels =
    address.length === IPV4_BYTES ? [...address].map(String) : [...Buffer.from(address).toString('hex')];
  const suffix = address.length === IPV4_BYTES ? 'in-addr.arpa' : 'ip6.arpa';
  return nameFromText([...labels.reverse(), suffix].join('.')) as Name;
}

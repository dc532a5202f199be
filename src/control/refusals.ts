/**
 * What an operator can do where the system does not let us listen: one message for each reason, with all the
 * addresses it concerns.
 */
import { type Listen, listenText } from '../transport/addresses.ts';
import { descriptorLimit } from './descriptors.ts';
import type { Refusal } from './doors.ts';
import { portHolder } from './port-holder.ts';

const DNS_PORT = 53;

const SECURITY_MODULE =
  'a security module (SELinux, AppArmor) forbids it: its log names the rule, or choose another port';

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL:
    'no interface of this machine has that address; "ip address" lists those it has, and one that comes ' +
    'later needs After=network-online.target in the unit',
  EAFNOSUPPORT: 'this system is without that family of addresses: choose those of the other one',
  ENFILE: 'the whole system is out of file descriptors: raise sysctl fs.file-max',
  EPERM:
    'the system does not let this program open sockets: allow socket and bind where calls are filtered ' +
    '(SystemCallFilter=, RestrictAddressFamilies=, seccomp)',
};

/** What the system knows of itself; a test knows better. */
export interface SystemLore {
  readonly userId: number | undefined;
  readonly holderOf: (listen: Listen, via: 'UDP' | 'TCP') => string | undefined;
  readonly descriptors: () => number | undefined;
}

/** Root may have been given up meanwhile. */
const systemLore = (): SystemLore => ({
  userId: process.getuid?.(),
  holderOf: portHolder,
  descriptors: descriptorLimit,
});

export function refusalTexts(refused: readonly Refusal[], lore: SystemLore = systemLore()): string[] {
  const codes = [...new Set(refused.map(({ code }) => code))];
  return codes.map((code) => {
    const those = refused.filter((each) => each.code === code);
    return `cannot listen on ${placesText(those)}: ${remedy(code, those, lore)}`;
  });
}

/** `127.0.0.1:53 (UDP, TCP), [::1]:53 (TCP)` */
function placesText(refused: readonly Refusal[]): string {
  const ways = new Map<string, string[]>();
  for (const { listen, via } of refused) {
    const text = listenText(listen);
    ways.set(text, [...(ways.get(text) ?? []), via]);
  }
  return [...ways].map(([text, via]) => `${text} (${via.join(', ')})`).join(', ');
}

function remedy(code: string, refused: readonly Refusal[], lore: SystemLore): string {
  const port = refused[0]?.listen.port ?? DNS_PORT;
  if (code === 'EADDRINUSE') return `${holdersText(refused, port, lore)}, or choose other addresses`;
  if (code === 'EACCES') return port < 1024 ? lowPortText(port, lore) : SECURITY_MODULE;
  if (code === 'EMFILE') {
    const limit = lore.descriptors() ?? 'as many as it has';
    return (
      `this process may have ${limit} file descriptors: raise the limit ` +
      '(LimitNOFILE= in the unit, ulimit -n), or choose fewer addresses or threads'
    );
  }
  return REMEDIES[code] ?? code;
}

function holdersText(refused: readonly Refusal[], port: number, { holderOf }: SystemLore): string {
  const holders = new Set(refused.map(({ listen, via }) => holderOf(listen, via)));
  const known = [...holders].filter((holder) => holder !== undefined);
  const stub =
    port === DNS_PORT ? ' (a stub of systemd-resolved ends with DNSStubListener=no in resolved.conf)' : '';
  if (known.length > 0) return `taken by ${known.join(' and ')}: stop it${stub}`;
  const find = `as root, "ss -lunp sport = :${port}" and "ss -ltnp sport = :${port}" name it`;
  return `another process listens there; ${find}: stop it${stub}`;
}

function lowPortText(port: number, { userId }: SystemLore): string {
  const root = userId === 0 ? '' : 'start as root with user: set, ';
  return (
    `ports below 1024 need a privilege; ${root}start by systemd with ` +
    'AmbientCapabilities=CAP_NET_BIND_SERVICE, ' +
    'give the capability to the program (setcap cap_net_bind_service=+ep on the node binary), ' +
    `allow everyone (sysctl net.ipv4.ip_unprivileged_port_start=${port}), or choose a port from 1024 on`
  );
}

/**
 * Who has the port that we want, as far as /proc tells: of other users' processes it tells root only. In: an
 * address and a transport. Out: `named (pid 812)`, or undefined. It is looked at once a refusal.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { basename, join } from 'node:path';
import { IPV4_BYTES, parseIp } from '../base/ip.ts';
import type { Listen } from '../transport/addresses.ts';

/** `st` of /proc/net/tcp. */
const LISTENING = '0A';

export function portHolder(listen: Listen, via: 'UDP' | 'TCP', proc = '/proc'): string | undefined {
  try {
    const inodes = new Set(inodesAt(listen, via, proc));
    return inodes.size === 0 ? undefined : holderWith(inodes, proc);
  } catch {
    return undefined;
  }
}

/** Of the sockets in the way: at that address, or at all of them. */
function inodesAt({ address, port }: Listen, via: 'UDP' | 'TCP', proc: string): string[] {
  const bytes = address === '*' ? new Uint8Array(IPV4_BYTES) : parseIp(address);
  const wanted = bytes && hexOf(bytes);
  const isAny = (hex: string): boolean => /^0+$/.test(hex);
  // A socket at all IPv6 addresses may be at all of IPv4 too.
  return ['', '6']
    .flatMap((family) => rows(join(proc, 'net', via.toLowerCase() + family)))
    .flatMap((row) => {
      const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
      const [hex = '', portHex = ''] = local.split(':');
      const isInTheWay = isAny(hex) || hex === wanted || (wanted !== undefined && isAny(wanted));
      const isBound = via === 'UDP' || state === LISTENING;
      return isBound && isInTheWay && Number.parseInt(portHex, 16) === port ? [inode] : [];
    });
}

function rows(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').trimEnd().split('\n').slice(1);
  } catch {
    return []; // A machine without IPv6.
  }
}

/** As /proc/net writes it: words of 32 bits in the order of the machine. */
function hexOf(bytes: Uint8Array): string {
  const words = Buffer.from(bytes);
  return (endianness() === 'LE' ? words.swap32() : words).toString('hex').toUpperCase();
}

function holderWith(inodes: ReadonlySet<string>, proc: string): string | undefined {
  for (const pid of readdirSync(proc).filter((entry) => /^\d+$/.test(entry))) {
    if (!holdsAny(join(proc, pid, 'fd'), inodes)) continue;
    return `${basename(readlinkSync(join(proc, pid, 'exe')))} (pid ${pid})`;
  }
  return undefined;
}

function holdsAny(folder: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(folder).some((fd) => {
      const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd))) ?? [];
      return inodes.has(inode);
    });
  } catch {
    return false; // Somebody else's, or gone meanwhile.
  }
}

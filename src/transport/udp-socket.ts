/**
 * UDP sockets made by the system's own calls, for batches. In: a literal address and a port. Out: a file
 * descriptor, which belongs to the whole process: the control thread opens and closes, any thread reads and
 * sends. The first socket of an address is bound alone, so that a port that is taken is refused (SO_REUSEPORT
 * would share it with another Cairn in silence); only then may its siblings, one per front, join it.
 */
import { type Bytes, put16, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, ipText, parseIp } from '../base/ip.ts';
import { FRONT_WAKE_MS, UDP_SOCKET_BUFFER_BYTES } from '../base/limits.ts';
import { Name, type Native, Sys, steady } from './native.ts';

/** Plain values: it is told to other threads as it is. */
export interface UdpSocket {
  readonly fd: number;
  readonly isV6: boolean;
  /** Bound to all addresses: each datagram tells which one it came to, and its answer leaves from there. */
  readonly isWildcard: boolean;
  /** Canonical text. */
  readonly address: string;
  /** The same in 4 or 16 bytes. */
  readonly addressBytes: Bytes;
  readonly port: number;
}

/**
 * Sockets that share one address, at least one; the kernel spreads clients over them. Throws an error with
 * the system's code (EADDRINUSE, EACCES, EADDRNOTAVAIL) and the call it refused.
 */
export function openUdpSockets(
  native: Native,
  address: string,
  port: number,
  count: number,
  indexOf: (scope: string) => number = Number,
): UdpSocket[] {
  const opened: UdpSocket[] = [];
  try {
    const first = open(native, address, port, indexOf);
    opened.push(first);
    need(native, first.fd, Sys.SOL_SOCKET, Sys.SO_REUSEPORT, 'SO_REUSEPORT');
    while (opened.length < count) opened.push(open(native, address, first.port, indexOf, 'joins'));
    return opened;
  } catch (error) {
    for (const { fd } of opened) native.close(fd);
    throw error;
  }
}

function open(
  native: Native,
  address: string,
  port: number,
  indexOf: (scope: string) => number,
  joins?: 'joins',
): UdpSocket {
  const bytes = parseIp(address);
  if (bytes === undefined) throw systemError('EADDRNOTAVAIL', 'bind');
  const isV6 = bytes.length !== IPV4_BYTES;
  const isWildcard = bytes.every((byte) => byte === 0);
  const fd = native.socket(isV6 ? Sys.AF_INET6 : Sys.AF_INET, Sys.SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) throw systemError(native.errno(), 'socket');
  try {
    if (joins) need(native, fd, Sys.SOL_SOCKET, Sys.SO_REUSEPORT, 'SO_REUSEPORT');
    if (isV6) need(native, fd, Sys.IPPROTO_IPV6, Sys.IPV6_V6ONLY, 'IPV6_V6ONLY');
    if (isWildcard) askForDestination(native, fd, isV6);
    set(native, fd, Sys.SOL_SOCKET, Sys.SO_RCVBUF, UDP_SOCKET_BUFFER_BYTES);
    set(native, fd, Sys.SOL_SOCKET, Sys.SO_SNDBUF, UDP_SOCKET_BUFFER_BYTES);
    set(native, fd, Sys.SOL_SOCKET, Sys.SO_RCVTIMEO, 0, 1_000 * FRONT_WAKE_MS);
    const name = sockaddr(bytes, port, indexOf(address.split('%')[1] ?? '0'));
    const nameLength = isV6 ? Name.SIZE6 : Name.SIZE4;
    if (native.bind(fd, name, nameLength) < 0) throw systemError(native.errno(), 'bind');
    const length = steady(4);
    length[0] = nameLength;
    native.getsockname(fd, name, length);
    return {
      ...{ fd, isV6, isWildcard, port: u16(name, Name.PORT) },
      ...{ address: ipText(bytes), addressBytes: bytes },
    };
  } catch (error) {
    native.close(fd);
    throw error;
  }
}

/** Switches PKTINFO on. */
export function askForDestination(native: Native, fd: number, isV6: boolean): void {
  if (isV6) need(native, fd, Sys.IPPROTO_IPV6, Sys.IPV6_RECVPKTINFO, 'IPV6_RECVPKTINFO');
  else need(native, fd, Sys.IPPROTO_IP, Sys.IP_PKTINFO, 'IP_PKTINFO');
}

/** Switches an option on without which nothing works. */
function need(native: Native, fd: number, level: number, option: number, called: string): void {
  if (set(native, fd, level, option, 1) < 0) throw systemError(native.errno(), `setsockopt ${called}`);
}

/** A kernel that refuses a size or a time leaves the socket as it is: each has a default to live with. */
function set(native: Native, fd: number, level: number, option: number, ...values: readonly number[]) {
  const isTime = values.length > 1;
  const bytes = steady(isTime ? 16 : 4);
  const view = new DataView(bytes.buffer);
  if (isTime) for (const [i, value] of values.entries()) view.setBigInt64(8 * i, BigInt(value), true);
  else view.setInt32(0, values[0] as number, true);
  return native.setsockopt(fd, level, option, bytes, bytes.length);
}

/** 16 or 28 bytes of use, in 32. */
export function sockaddr(address: Bytes, port: number, scope = 0): Uint8Array<ArrayBuffer> {
  const name = steady(Name.SIZE);
  const isV6 = address.length !== IPV4_BYTES;
  name[Name.FAMILY] = isV6 ? Sys.AF_INET6 : Sys.AF_INET;
  put16(name, Name.PORT, port);
  name.set(address, isV6 ? Name.ADDRESS6 : Name.ADDRESS4);
  if (isV6) new DataView(name.buffer).setUint32(Name.SCOPE6, scope, true);
  return name;
}

const systemError = (code: string, call: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${call} ${code}`), { code, syscall: call });

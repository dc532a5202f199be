/**
 * Whether the kernel and we agree on every structure of `native`: at start, a socket on loopback sends itself
 * a datagram and answers it, and sender, length and destination must be read as they are known to be. Out:
 * undefined, or what was otherwise: a call or an option that is refused here (an old kernel, a filter of
 * system calls), or a structure of another form.
 */
import { type Bytes, equalBytes } from '../base/bytes.ts';
import { Counters } from '../base/counters.ts';
import { parseIp } from '../base/ip.ts';
import { FRONT_WAKE_MS } from '../base/limits.ts';
import { LATER } from './door.ts';
import { Control, Name, type Native, PktInfo4, PktInfo6, Sys } from './native.ts';
import { Batch } from './udp-batch.ts';
import { SocketPoll } from './udp-poll.ts';
import { Bag, type Packed, Returns, unpack, type WayBack } from './udp-return.ts';
import { askForDestination, openUdpSockets, sockaddr, type UdpSocket } from './udp-socket.ts';

const QUESTION = Uint8Array.from({ length: 19 }, (_, i) => 101 + i);
const ANSWER = Uint8Array.from({ length: 23 }, (_, i) => 201 - i);

/** What a machine says that is without a family of addresses, and needs nothing for it. */
const ABSENT: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);
/** What says nothing about the call itself. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'EINTR', 'ECONNREFUSED']);

const ALLOW = 'where calls are filtered (seccomp, SystemCallFilter=), allow it';

export function checkNative(native: Native): string | undefined {
  for (const address of ['127.0.0.1', '::1']) {
    try {
      const fault = checkFamily(native, address);
      if (fault !== undefined) return `datagrams over ${address} are not laid out as expected: ${fault}`;
    } catch (error) {
      const { code = '', syscall = '' } = error as NodeJS.ErrnoException;
      if (syscall === '') throw error;
      if (ABSENT.has(code)) continue;
      return `the system refuses ${syscall} (${code}); ${ALLOW}`;
    }
  }
  return undefined;
}

function checkFamily(native: Native, address: string): string | undefined {
  const [socket] = openUdpSockets(native, address, 0, 1) as [UdpSocket];
  try {
    askForDestination(native, socket.fd, socket.isV6);
    return roundTrip(heeded(native), { ...socket, isWildcard: true });
  } finally {
    native.close(socket.fd);
  }
}

/** The calls of a front, which throw here where they are refused. */
function heeded(native: Native): Native {
  const heed = (syscall: string, result: number): number => {
    const code = result < 0 ? native.errno() : '';
    if (code === '' || PASSING.has(code)) return result;
    throw Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
  };
  return {
    ...native,
    recvmmsg: (...given) => heed('recvmmsg', native.recvmmsg(...given)),
    sendmmsg: (...given) => heed('sendmmsg', native.sendmmsg(...given)),
    poll: (...given) => heed('poll', native.poll(...given)),
  };
}

function roundTrip(native: Native, socket: UdpSocket): string | undefined {
  const returns = new Returns(native, new Counters());
  const envelope = sockaddr(parseIp(socket.address) as Bytes, socket.port); // Without control.
  const client = { transport: 'udp', address: parseIp(socket.address) as Bytes, port: socket.port } as const;
  const send = (way: WayBack, bytes: Uint8Array): void => {
    returns.add(way, bytes);
    returns.flush(() => true);
  };
  send({ fd: socket.fd, ticket: 0, client, envelope }, QUESTION);
  new SocketPoll(native, [socket]).ready(FRONT_WAKE_MS); // As a front with several sockets waits.
  const question = heard(native, socket);
  const fault = faultIn(question, QUESTION, socket);
  if (question === undefined || fault !== undefined) return fault;
  send(question.way, ANSWER);
  return faultIn(heard(native, socket), ANSWER, socket);
}

function heard(native: Native, socket: UdpSocket): Packed | undefined {
  const bag = new Bag();
  const batch = new Batch(native, new Counters(), bag);
  if (batch.receive(socket, true) !== 1) return undefined;
  batch.answer({ answer: () => LATER });
  const [packed] = unpack(bag.take());
  return packed;
}

function faultIn(packed: Packed | undefined, sent: Bytes, socket: UdpSocket): string | undefined {
  if (packed === undefined) return 'nothing came';
  const { way, packet } = packed;
  const own = parseIp(socket.address) as Bytes;
  if (!equalBytes(packet, sent)) return 'other bytes came';
  if (!equalBytes(way.client.address, own)) return 'another sender';
  if (way.client.port !== socket.port) return 'another port';
  if (way.envelope[Name.FAMILY] !== (socket.isV6 ? Sys.AF_INET6 : Sys.AF_INET)) return 'another family';
  return equalBytes(way.envelope.subarray(Name.SIZE), controlFor(own, socket.isV6))
    ? undefined
    : 'another destination';
}

/** What the kernel should have written, the interface struck out. */
function controlFor(own: Bytes, isV6: boolean): Bytes {
  const bytes = new Uint8Array(isV6 ? PktInfo6.SPACE : PktInfo4.SPACE);
  const view = new DataView(bytes.buffer);
  view.setUint32(Control.LENGTH, Control.CONTENT + (isV6 ? PktInfo6.SIZE : PktInfo4.SIZE), true);
  view.setUint32(Control.LEVEL, isV6 ? Sys.IPPROTO_IPV6 : Sys.IPPROTO_IP, true);
  view.setUint32(Control.TYPE, isV6 ? Sys.IPV6_PKTINFO : Sys.IP_PKTINFO, true);
  if (isV6) bytes.set(own, Control.CONTENT + PktInfo6.ADDRESS);
  else {
    bytes.set(own, Control.CONTENT + PktInfo4.SOURCE);
    bytes.set(own, Control.CONTENT + PktInfo4.SEEN);
  }
  return bytes;
}

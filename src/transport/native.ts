/**
 * The system calls for datagrams that Node does not offer, through koffi: many messages in one call, and
 * which of our addresses a message came to. Out: the calls, or one sentence that says why there are none
 * (another system, no koffi); then `dgram` serves. The layouts are those of 64-bit Linux, little-endian, and
 * `udp-check` holds them to the kernel at start.
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';

/** Offsets and sizes in bytes. */
export const Iovec = { BASE: 0, LENGTH: 8, SIZE: 16 } as const;
/** `struct mmsghdr`: a `struct msghdr` of 56 bytes, and how many bytes came. */
export const Header = {
  NAME: 0,
  NAME_LENGTH: 8,
  IOV: 16,
  IOV_COUNT: 24,
  CONTROL: 32,
  CONTROL_LENGTH: 40,
  FLAGS: 48,
  LENGTH: 56,
  SIZE: 64,
} as const;
/** `struct cmsghdr`, then its content: `in_pktinfo` or `in6_pktinfo`. */
export const Control = { LENGTH: 0, LEVEL: 8, TYPE: 12, CONTENT: 16, SIZE: 64 } as const;
/** `in_pktinfo`: index, source to send from, destination seen. `in6_pktinfo`: address, index. */
export const PktInfo4 = { INDEX: 0, SOURCE: 4, SEEN: 8, SIZE: 12, SPACE: 32 } as const;
export const PktInfo6 = { ADDRESS: 0, INDEX: 16, SIZE: 20, SPACE: 40 } as const;
/** `sockaddr_in` and `sockaddr_in6`, each in a slot of 32. */
export const Name = {
  FAMILY: 0,
  PORT: 2,
  ADDRESS4: 4,
  SIZE4: 16,
  ADDRESS6: 8,
  SCOPE6: 24,
  SIZE6: 28,
  SIZE: 32,
} as const;
export const PollFd = { FD: 0, EVENTS: 4, REVENTS: 6, SIZE: 8 } as const;
/** `struct epoll_event`, which x86 alone packs. */
export const EpollEvent =
  process.arch === 'x64'
    ? ({ EVENTS: 0, DATA: 4, SIZE: 12 } as const)
    : ({ EVENTS: 0, DATA: 8, SIZE: 16 } as const);

export const Sys = {
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_DGRAM_CLOEXEC: 0o2000002,
  SOCK_STREAM_CLOEXEC_NONBLOCK: 0o2004001,
  EPOLL_CLOEXEC: 0o2000000,
  EPOLL_CTL_ADD: 1,
  EPOLLIN: 1,
  EPOLLOUT: 4,
  EPOLLERR: 8,
  EPOLLHUP: 16,
  /** Told once for each time that something comes. */
  EPOLLET: 0x8000_0000,
  SOL_SOCKET: 1,
  SO_LINGER: 13,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_REUSEPORT: 15,
  SO_RCVTIMEO: 20,
  IPPROTO_TCP: 6,
  TCP_QUICKACK: 12,
  IPPROTO_IP: 0,
  IP_PKTINFO: 8,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  IPV6_RECVPKTINFO: 49,
  IPV6_PKTINFO: 50,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
  MSG_WAITFORONE: 0x10000,
  POLLIN: 1,
  POLLOUT: 4,
} as const;

export interface Native {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Bytes, length: number): number;
  bind(fd: number, name: Bytes, length: number): number;
  getsockname(fd: number, name: Bytes, length: Bytes): number;
  recvmmsg(fd: number, headers: Bytes, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, headers: Bytes, count: number, flags: number): number;
  poll(fds: Bytes, count: number, ms: number): number;
  close(fd: number): number;
  connect(fd: number, name: Bytes, length: number): number;
  send(fd: number, bytes: Bytes, length: number, flags: number): number;
  recv(fd: number, bytes: Bytes, length: number, flags: number): number;
  epollCreate(flags: number): number;
  epollAdd(epoll: number, fd: number, event: Bytes): number;
  epollWait(epoll: number, events: Bytes, count: number, ms: number): number;
  /** Of the last call of this thread that gave -1: `EAGAIN`, `EADDRINUSE`, … */
  errno(): string;
  /** Of bytes that never move: made by `steady`. */
  address(bytes: Bytes): bigint;
}

/** Bytes the collector leaves where they are; small typed arrays of their own may move. */
export const steady = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(length));

/** The constants above are the same on these. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

export async function loadNative(
  platform: string = process.platform,
  architecture: string = process.arch,
): Promise<Native | string> {
  if (platform !== 'linux' || !ARCHITECTURES.includes(architecture)) {
    return `there is no recvmmsg on ${platform} for ${architecture}`;
  }
  try {
    return bindings((await import('koffi')).default);
  } catch (error) {
    return `koffi is not there: ${(error as Error).message.split('\n', 1)[0]}`;
  }
}

function bindings(koffi: typeof import('koffi').default): Native {
  const libc = koffi.load(null);
  const epollCtl = libc.func('int epoll_ctl(int, int, int, const void *)');
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  names.set(koffi.os.errno.EAGAIN as number, 'EAGAIN'); // EWOULDBLOCK is the same number.
  return {
    socket: libc.func('int socket(int, int, int)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    bind: libc.func('int bind(int, const void *, uint32_t)'),
    getsockname: libc.func('int getsockname(int, void *, void *)'),
    recvmmsg: libc.func('int recvmmsg(int, void *, uint32_t, int, void *)'),
    sendmmsg: libc.func('int sendmmsg(int, void *, uint32_t, int)'),
    poll: libc.func('int poll(void *, unsigned long, int)'),
    close: libc.func('int close(int)'),
    connect: libc.func('int connect(int, const void *, uint32_t)'),
    send: libc.func('long send(int, const void *, unsigned long, int)'),
    recv: libc.func('long recv(int, void *, unsigned long, int)'),
    epollCreate: libc.func('int epoll_create1(int)'),
    epollAdd: (epoll, fd, event) => epollCtl(epoll, Sys.EPOLL_CTL_ADD, fd, event),
    epollWait: libc.func('int epoll_wait(int, void *, int, int)'),
    errno: () => names.get(koffi.errno()) ?? `error ${koffi.errno()}`,
    address: (bytes) => koffi.address(bytes),
  } as Native;
}

/** What the network does is a value; a call that was made wrongly is a bug. */
const WRONG_CALL: ReadonlySet<string> = new Set(['EBADF', 'EFAULT', 'ENOTSOCK', 'EOPNOTSUPP']);

/** Why a call on a socket gave -1. */
export function reasonOf(native: Native, call: string): string {
  const reason = native.errno();
  // An answer cannot leave from an address that the machine has lost meanwhile: sendmmsg says EINVAL to that.
  const isWrong = WRONG_CALL.has(reason) || (reason === 'EINVAL' && call !== 'sendmmsg');
  assert(!isWrong, `${call} is called as the kernel wants it, yet: ${reason}`);
  return reason;
}

import { describe, expect, test } from 'vitest';
import { Header, loadNative, type Native, Sys } from '../../src/transport/native.ts';
import { checkNative } from '../../src/transport/udp-check.ts';
import { native } from './batch-listener.ts';

test('the kernel and the table of layouts agree', () => expect(checkNative(native)).toBeUndefined());

test.each([
  ['darwin', 'arm64'],
  ['linux', 'ia32'],
  ['win32', 'x64'],
])('on %s for %s there is a reason instead of calls', async (platform, architecture) => {
  expect(await loadNative(platform, architecture)).toBe(
    `there is no recvmmsg on ${platform} for ${architecture}`,
  );
});

/** A kernel whose structures are laid out otherwise, seen from here. */
const otherwise = (change: (header: DataView) => void): Native => ({
  ...native,
  recvmmsg: (fd, headers, count, flags, timeout) => {
    const came = native.recvmmsg(fd, headers, count, flags, timeout);
    change(new DataView(headers.buffer));
    return came;
  },
});

test.each<[string, Native, RegExp]>([
  ['nothing comes', { ...native, recvmmsg: () => 0 }, /127\.0\.0\.1 .*: nothing came/],
  [
    'a length stands elsewhere',
    otherwise((header) => header.setUint32(Header.LENGTH, 7, true)),
    /: other bytes came/,
  ],
  [
    'a flag stands elsewhere',
    otherwise((header) => header.setUint32(Header.FLAGS, 0x20, true)),
    /: nothing came/,
  ],
])('where %s, it is told', (_, kernel, fault) => expect(checkNative(kernel)).toMatch(fault));

describe('a system that refuses what batches need is told with what to do', () => {
  const refusing = (change: Partial<Native>, code: string): Native => {
    let refused = false;
    const entries = Object.entries(change).map(([call, refuse]) => [
      call,
      (...given: never[]) => {
        const result = (refuse as (...given: never[]) => number | undefined)(...given);
        refused = result === -1;
        return result ?? (native[call as 'close'] as unknown as (...given: never[]) => number)(...given);
      },
    ]);
    return { ...native, ...Object.fromEntries(entries), errno: () => (refused ? code : native.errno()) };
  };
  const option = (of: number) => (_fd: number, _level: number, option: number) =>
    (option === of ? -1 : undefined) as number;

  test.each<[string, Partial<Native>, string]>([
    ['socket', { socket: () => -1 }, 'EPERM'],
    ['recvmmsg', { recvmmsg: () => -1 }, 'ENOSYS'],
    ['sendmmsg', { sendmmsg: () => -1 }, 'EPERM'],
    ['poll', { poll: () => -1 }, 'ENOSYS'],
    ['setsockopt SO_REUSEPORT', { setsockopt: option(Sys.SO_REUSEPORT) }, 'ENOPROTOOPT'],
    ['setsockopt IP_PKTINFO', { setsockopt: option(Sys.IP_PKTINFO) }, 'ENOPROTOOPT'],
    ['setsockopt IPV6_RECVPKTINFO', { setsockopt: option(Sys.IPV6_RECVPKTINFO) }, 'EPERM'],
  ])('%s', (call, change, code) => {
    expect(checkNative(refusing(change, code))).toBe(
      `the system refuses ${call} (${code}); where calls are filtered (seccomp, SystemCallFilter=), allow it`,
    );
  });

  test('but without a family of addresses it needs nothing for that', () => {
    expect(checkNative(refusing({ socket: () => -1 }, 'EAFNOSUPPORT'))).toBeUndefined();
  });

  test('and a size that it does not give is no reason', () => {
    const without = refusing({ setsockopt: option(Sys.SO_SNDBUF) }, 'EPERM');
    expect(checkNative(without)).toBeUndefined();
  });
});

import { expect, test } from 'vitest';
import { Header, loadNative, type Native } from '../../src/transport/native.ts';
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

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { pid } from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { portHolder } from '../../src/control/port-holder.ts';
import { folderOf } from '../operation/server.ts';

const own = expect.stringMatching(new RegExp(`^.+ \\(pid ${pid}\\)$`));

test('a port that this process has is told as its own, over UDP and TCP, IPv4 and IPv6', async () => {
  const udp = createSocket('udp6').bind({ port: 0, address: '::1' });
  const tcp = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  const { port } = tcp.address() as AddressInfo;
  expect(portHolder({ address: '::1', port: udp.address().port }, 'UDP')).toEqual(own);
  for (const address of ['127.0.0.1', '0.0.0.0', '*']) {
    expect(portHolder({ address, port }, 'TCP')).toEqual(own);
  }
  udp.close();
  tcp.close();
});

/** One socket by root's process 812, in the words of /proc. */
const row = (local: string, state: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 2 0\n`;
const TITLE =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

let proc: ReturnType<typeof folderOf>;
beforeEach(() => {
  proc = folderOf({});
  for (const folder of ['net', '812/fd', '9/fd', 'bus']) {
    mkdirSync(proc.path(folder), { recursive: true });
  }
  symlinkSync('/usr/sbin/named', proc.path('812/exe'));
  symlinkSync('/usr/bin/other', proc.path('9/exe'));
  symlinkSync('socket:[77]', proc.path('812/fd/3'));
  symlinkSync('socket:[78]', proc.path('9/fd/3'));
  symlinkSync('/dev/null', proc.path('9/fd/0'));
});
afterEach(() => proc.remove());

const holder = (address: string, via: 'UDP' | 'TCP' = 'UDP', port = 53): string | undefined =>
  portHolder({ address, port }, via, proc.path(''));

test.runIf(process.arch === 'x64' || process.arch === 'arm64')(
  'an address, or all of them, is in the way',
  () => {
    proc.write('net/udp', TITLE + row('3500007F:0035', '07', 77));
    expect(holder('127.0.0.53')).toBe('named (pid 812)');
    expect(holder('0.0.0.0')).toBe('named (pid 812)');
    expect(holder('*')).toBe('named (pid 812)');
    expect([holder('127.0.0.1'), holder('127.0.0.53', 'UDP', 54), holder('127.0.0.53', 'TCP')]).toEqual(
      Array(3).fill(undefined),
    );
    proc.write('net/udp', '');
    proc.write('net/udp6', TITLE + row('00000000000000000000000000000000:0035', '07', 78));
    expect(holder('127.0.0.1')).toBe('other (pid 9)');
  },
);

test('over TCP only who listens, and of a process that is not ours to look into nothing is told', () => {
  proc.write('net/tcp', TITLE + row('00000000:0035', '01', 77));
  expect(holder('127.0.0.1', 'TCP')).toBeUndefined();
  proc.write('net/tcp', TITLE + row('00000000:0035', '0A', 99));
  expect(holder('127.0.0.1', 'TCP')).toBeUndefined();
  expect(portHolder({ address: '127.0.0.1', port: 53 }, 'TCP', proc.path('none'))).toBeUndefined();
});

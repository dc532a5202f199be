import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { realWorld } from '../../src/base/world.ts';
import { Doors, type Room } from '../../src/control/doors.ts';
import { refusalTexts, type SystemLore } from '../../src/control/refusals.ts';
import type { Listen } from '../../src/transport/addresses.ts';
import { type Answerer, LATER } from '../../src/transport/door.ts';
import { openUdpSockets, type UdpSocket } from '../../src/transport/udp-socket.ts';
import { native } from '../transport/batch-listener.ts';

const echo: Answerer = {
  answer(packet, length, _client, out) {
    out.set(packet.subarray(0, length));
    return length;
  },
};

let doors: Doors;
afterEach(() => doors.close());

const room = (answerer: Answerer = echo): Room => ({
  answerer,
  world: realWorld,
  counters: new Counters(),
  tcp: {},
});
const at = (address: string, port = 0): Listen => ({ address, port });
const portOf = (address = ''): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** Nobody has it at any address, over UDP or TCP. */
async function freePort(): Promise<number> {
  doors = new Doors([at('0.0.0.0')], room(), () => ['0.0.0.0']);
  await doors.adjust();
  const port = portOf(doors.addresses[0]);
  await doors.close();
  return port;
}

test('UDP and TCP share the port the system chooses', async () => {
  doors = new Doors([at('127.0.0.1')], room());
  expect((await doors.adjust()).refused).toEqual([]);
  const port = portOf(doors.addresses[0]);
  expect(port).toBeGreaterThan(0);
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const [error] = (await once(server, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('EADDRINUSE');
});

test('addresses that come are opened, and those that go are closed', async () => {
  let local = ['127.0.0.1', '127.0.0.2'];
  doors = new Doors([{ address: '*', port: 0 }], room(), () => local);
  expect((await doors.adjust()).came).toHaveLength(2);
  const [kept] = doors.addresses;
  local = ['127.0.0.1', '127.0.0.3'];
  const { came, went } = await doors.adjust();
  expect(came).toEqual([expect.stringMatching(/^127\.0\.0\.3:/)]);
  expect(went).toEqual([expect.stringMatching(/^127\.0\.0\.2:/)]);
  expect(doors.addresses[0]).toBe(kept);
  expect(await doors.adjust()).toEqual({ came: [], went: [], refused: [] });
});

describe('where datagrams come in batches, a wildcard is one socket', () => {
  /** A port of the system's choice may take more than one try. */
  let opened: Set<string>;
  let without: string | undefined;
  const batched = (): Room => ({
    ...room(),
    listenUdp: (address, port) => {
      if (address === without) throw Object.assign(new Error(), { code: 'EAFNOSUPPORT' });
      const [socket] = openUdpSockets(native, address, port, 1) as [UdpSocket];
      opened.add(address);
      const close = async (): Promise<void> => void native.close(socket.fd);
      return { address: socket.address, port: socket.port, stopReceiving: () => {}, close };
    },
  });
  beforeEach(() => {
    opened = new Set();
    without = undefined;
  });
  const hosts = (texts: readonly string[]): string[] => texts.map((t) => t.slice(0, t.lastIndexOf(':')));

  test('of each family; addresses that come are told, and need nothing', async () => {
    let local = ['127.0.0.1', '::1'];
    doors = new Doors([at('*')], batched(), () => local);
    const { came, refused } = await doors.adjust();
    expect([hosts(came), refused]).toEqual([['127.0.0.1', '[::1]'], []]);
    local = ['127.0.0.1', '127.0.0.7', 'fe80::1%eth0'];
    const change = await doors.adjust();
    expect([hosts(change.came), hosts(change.went)]).toEqual([['127.0.0.7', '[fe80::1%eth0]'], ['[::1]']]);
    expect(hosts(doors.addresses)).toEqual(hosts(['127.0.0.1:', '127.0.0.7:', '[fe80::1%eth0]:']));
    expect([...opened]).toEqual(['0.0.0.0', '::']);
    // Over TCP too, at an address that nobody has told of.
    const peer = connect(portOf(doors.addresses[0]), '127.0.0.9');
    await once(peer, 'connect');
    peer.destroy();
  });

  test('and an address of it that is named besides needs no other', async () => {
    const port = await freePort();
    doors = new Doors([at('127.0.0.1', port), at('0.0.0.0', port)], batched(), () => ['127.0.0.1']);
    expect((await doors.adjust()).refused).toEqual([]);
    expect([...opened]).toEqual(['0.0.0.0']);
    expect(doors.addresses).toEqual([`127.0.0.1:${port}`]);
  });

  test('for each address where somebody else has one of them, and only that one is refused', async () => {
    const port = await freePort();
    const stub = createSocket('udp4').bind(port, '127.0.0.53');
    await once(stub, 'listening');
    const local = ['127.0.0.1', '127.0.0.2'];
    doors = new Doors([at('0.0.0.0', port)], batched(), () => local);
    expect((await doors.adjust()).refused).toEqual([]);
    expect(hosts(doors.addresses)).toEqual(local);
    local.push('127.0.0.53');
    const { refused } = await doors.adjust();
    expect(refused.map(({ listen, code }) => [listen.address, code])).toEqual([['127.0.0.53', 'EADDRINUSE']]);
    stub.close();
    await once(stub, 'close');
    expect(hosts((await doors.adjust()).came)).toEqual(['127.0.0.53']);
    expect([...opened]).toEqual(local);
  });

  test('of the family that there is', async () => {
    without = '::';
    doors = new Doors([at('*')], batched(), () => ['127.0.0.1']);
    expect((await doors.adjust()).refused).toEqual([]);
    expect([...opened]).toEqual(['0.0.0.0']);
  });
});

test('an address is opened for both transports or for none', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  doors = new Doors([at('127.0.0.1', port), at('127.0.0.1')], room());
  const { refused } = await doors.adjust();
  expect(refused).toEqual([{ listen: at('127.0.0.1', port), via: 'UDP', code: 'EADDRINUSE' }]);
  expect(doors.addresses).toHaveLength(1);
  taken.close();
  await doors.adjust();
  expect(doors.addresses).toHaveLength(2);
});

test('draining answers what had arrived, and what is promised, before it closes', async () => {
  let promised: (() => void) | undefined;
  let pending = 0;
  const late: Answerer = {
    answer(packet, length, client, out, send) {
      if (packet[0] !== 0) return echo.answer(packet, length, client, out, send);
      const copy = packet.slice(0, length);
      pending++;
      promised = () => {
        pending--;
        send(copy);
      };
      return LATER;
    },
  };
  doors = new Doors([at('127.0.0.1')], room(late));
  await doors.adjust();
  const client = createSocket('udp4');
  let heard = 0;
  client.on('message', () => heard++);
  client.connect(portOf(doors.addresses[0]), '127.0.0.1');
  await once(client, 'connect');
  for (let i = 0; i < 100; i++) client.send(Uint8Array.of(i, ...Array(12).fill(0)));
  while (promised === undefined) await new Promise((resolve) => setImmediate(resolve));
  const drained = doors.drain(5_000, () => pending);
  setTimeout(() => promised?.(), 20);
  await drained;
  while (heard < 100) await new Promise((resolve) => setTimeout(resolve, 5));
  client.close();
  expect(heard).toBe(100);
});

/** A machine that tells nothing. */
const lore: SystemLore = { userId: 0, holderOf: () => undefined, descriptors: () => 64 };

test.each([
  [
    'EADDRINUSE',
    0,
    /^cannot listen on 127\.0\.0\.1:53 \(UDP, TCP\), \[::1\]:53 \(UDP\): another process .*ss -lunp.*DNSStub/,
  ],
  [
    'EACCES',
    1000,
    /: ports below 1024 need a privilege; start as root .*systemd.*setcap .*sysctl .*=53\), or choose/,
  ],
  ['EACCES', 0, /privilege; start by systemd/],
  ['EADDRNOTAVAIL', 0, /no interface of this machine has that address; "ip address" .*network-online/],
  [
    'EMFILE',
    0,
    /: this process may have 64 file descriptors: raise .*LimitNOFILE=.*ulimit.* fewer addresses/,
  ],
  ['ENFILE', 0, /out of file descriptors: raise sysctl fs\.file-max$/],
  ['EAFNOSUPPORT', 0, /without that family of addresses: choose/],
  ['EPERM', 0, /allow socket and bind .*SystemCallFilter=.*seccomp/],
  ['EODD', 0, /: EODD$/],
])('%s for user %d is told with what to do', (code, userId, words) => {
  const refused = [
    { listen: at('127.0.0.1', 53), via: 'UDP', code },
    { listen: at('127.0.0.1', 53), via: 'TCP', code },
    { listen: at('::1', 53), via: 'UDP', code },
  ] as const;
  expect(refusalTexts(refused, { ...lore, userId })).toEqual([expect.stringMatching(words)]);
});

test('each reason is one message', () => {
  const refused = [
    { listen: at('127.0.0.1', 53), via: 'UDP', code: 'EACCES' },
    { listen: at('192.0.2.1', 53), via: 'UDP', code: 'EADDRNOTAVAIL' },
    { listen: at('127.0.0.1', 5300), via: 'UDP', code: 'EADDRINUSE' },
  ] as const;
  expect(refusalTexts(refused, lore)).toHaveLength(3);
  expect(refusalTexts(refused, lore)[2]).not.toContain('resolved');
});

test('who has the port is named, each once', () => {
  const refused = [
    { listen: at('127.0.0.1', 53), via: 'UDP', code: 'EADDRINUSE' },
    { listen: at('127.0.0.1', 53), via: 'TCP', code: 'EADDRINUSE' },
    { listen: at('::1', 53), via: 'TCP', code: 'EADDRINUSE' },
  ] as const;
  const holderOf = ({ address }: Listen): string => (address === '::1' ? 'unbound (pid 7)' : 'named (pid 4)');
  expect(refusalTexts(refused, { ...lore, holderOf })[0]).toMatch(
    /: taken by named \(pid 4\) and unbound \(pid 7\): stop it .*, or choose other addresses$/,
  );
});

test('a port above 1023 that may not be had is a security module’s to give', () => {
  const refused = [{ listen: at('127.0.0.1', 5300), via: 'UDP', code: 'EACCES' }] as const;
  expect(refusalTexts(refused, lore)[0]).toMatch(/SELinux/);
});

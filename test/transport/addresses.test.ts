import { describe, expect, test } from 'vitest';
import {
  concreteAddresses,
  diffAddresses,
  listenText,
  localAddresses,
  parseListen,
  scopeIndex,
} from '../../src/transport/addresses.ts';

describe('where to listen', () => {
  test.each([
    ['127.0.0.1:53', '127.0.0.1', 53],
    ['127.0.0.1:5300', '127.0.0.1', 5300],
    ['127.0.0.1', '127.0.0.1', 53],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['*', '*', 53],
    ['*:5300', '*', 5300],
    ['[::1]:5300', '::1', 5300],
    ['[::1]', '::1', 53],
    ['::1', '::1', 53],
    ['::', '::', 53],
    ['[::]:65535', '::', 65535],
    ['2001:DB8:0:0::1', '2001:db8::1', 53],
    ['[fe80::1%eth0]:53', 'fe80::1%eth0', 53],
    ['fe80::1%eth0', 'fe80::1%eth0', 53],
  ])('%s', (text, address, port) => {
    expect(parseListen(text)).toEqual({ address, port });
  });

  test('without a port the default is taken', () => {
    expect(parseListen('::1', 5300)).toEqual({ address: '::1', port: 5300 });
    expect(parseListen('*', 5300)).toEqual({ address: '*', port: 5300 });
  });

  test.each([
    ['', 'address'],
    ['localhost:53', 'address'],
    ['5300', 'address'],
    [':53', 'address'],
    ['1.2.3:53', 'address'],
    ['1.2.3.4.5', 'address'],
    ['[127.0.0.1]:53', 'address'],
    ['[::1', 'address'],
    ['[::1]53', 'address'],
    ['[]:53', 'address'],
    ['::g', 'address'],
    ['fe80::1%', 'address'],
    ['127.0.0.1%lo', 'address'],
    ['127.0.0.1:', 'port'],
    ['127.0.0.1:dns', 'port'],
    ['127.0.0.1:65536', 'port'],
    ['127.0.0.1:-1', 'port'],
    ['127.0.0.1: 53', 'port'],
    ['[::1]:', 'port'],
    ['*:1e3', 'port'],
  ])('%j is told what was expected', (text, expected) => {
    expect(parseListen(text)).toEqual(expect.stringContaining(expected));
  });

  test('is written as it is read', () => {
    for (const text of ['127.0.0.1:53', '[::1]:5300', '*:53', '[fe80::1%eth0]:53']) {
      const listen = parseListen(text);
      expect(typeof listen === 'string' ? listen : listenText(listen)).toBe(text);
    }
  });
});

const entry = { netmask: '', mac: '', internal: false, cidr: null };
const interfaces: NonNullable<Parameters<typeof localAddresses>[0]> = {
  lo: [
    { ...entry, address: '127.0.0.1', family: 'IPv4' },
    { ...entry, address: '::1', family: 'IPv6', scopeid: 0 },
  ],
  eth0: [
    { ...entry, address: '192.0.2.1', family: 'IPv4' },
    { ...entry, address: '2001:db8::1', family: 'IPv6', scopeid: 0 },
    { ...entry, address: 'fe80::1', family: 'IPv6', scopeid: 2 },
  ],
  eth1: [{ ...entry, address: 'fe80::1', family: 'IPv6', scopeid: 3 }],
};
const all = ['127.0.0.1', '::1', '192.0.2.1', '2001:db8::1', 'fe80::1%eth0', 'fe80::1%eth1'];

describe('the addresses of this machine', () => {
  test('are those of its interfaces, link-local ones with their scope', () => {
    expect(localAddresses(interfaces)).toEqual(all);
    expect(localAddresses()).toContain('127.0.0.1');
  });

  test.each([
    ['eth0', 2],
    ['eth1', 3],
    ['7', 7],
    ['lo', 0],
    ['', 0],
  ])('the scope "%s" is interface %d', (scope, index) => expect(scopeIndex(scope, interfaces)).toBe(index));

  test.each([
    ['*', all],
    ['0.0.0.0', ['127.0.0.1', '192.0.2.1']],
    ['::', ['::1', '2001:db8::1', 'fe80::1%eth0', 'fe80::1%eth1']],
    ['127.0.0.2', ['127.0.0.2']],
    ['::1', ['::1']],
  ])('%s means them by name, so that answers leave from where they were asked', (address, meant) => {
    expect(concreteAddresses(address, all)).toEqual(meant);
  });

  test('come and go', () => {
    expect(diffAddresses(['::1', '192.0.2.1'], ['192.0.2.2', '::1'])).toEqual({
      came: ['192.0.2.2'],
      went: ['192.0.2.1'],
    });
    expect(diffAddresses(all, all)).toEqual({ came: [], went: [] });
  });
});

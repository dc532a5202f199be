/** Hosts of pools, in virtual time: what is asked when, and what clients are told meanwhile. */
import { describe, expect, test } from 'vitest';
import { Counter } from '../../src/base/counters.ts';
import {
  HOST_QUESTIONS_MAX,
  HOST_RETRY_MS_MAX,
  HOST_SECONDS_MIN,
  HOST_STALE_SECONDS,
} from '../../src/base/limits.ts';
import { Hosts } from '../support/hosts.ts';

const OUTSIDE = ['www.out 100 A 192.0.2.1', 'www.out 100 A 192.0.2.2', 'www.out 40 AAAA 2001:db8::1'];
const ALIAS = { 'z.test': '@ POOL www.out.\n@ MX 10 mail' };
const SECOND = 1_000;

const addresses = (...told: string[]): unknown => ['NOERROR aa', ...told.map((each) => `an z.test. ${each}`)];

describe('a host of others', () => {
  test('is found before anybody asks, and stands for its addresses beside SOA, NS and MX', async () => {
    const hosts = new Hosts(OUTSIDE, ALIAS);
    expect(hosts.told('z.test A')).toEqual(['SERVFAIL']);
    await hosts.world.pass(SECOND);
    expect(hosts.told('z.test A')).toEqual(addresses('99 IN A 192.0.2.1', '99 IN A 192.0.2.2'));
    expect(new Set(Array.from({ length: 60 }, () => hosts.first('z.test A'))).size).toBe(2);
    expect(hosts.told('z.test AAAA')).toEqual(addresses('39 IN AAAA 2001:db8::1'));
    expect(hosts.told('z.test MX')).toEqual(addresses('300 IN MX 10 mail.z.test.'));
    expect(hosts.told('z.test SOA')[1]).toMatch(/^an z.test. 3600 IN SOA/);
    expect(hosts.told('z.test TXT')).toEqual(['NOERROR aa', 'ns z.test. 60 IN SOA']);
    expect([hosts.asked('www.out', 'A'), hosts.asked('www.out', 'AAAA')]).toEqual([1, 1]);
  });

  test('is asked for in the last tenth of its life: no client waits, or is told what is over', async () => {
    const hosts = new Hosts(OUTSIDE, ALIAS);
    await hosts.world.pass(SECOND);
    hosts.tell(['www.out 100 A 192.0.2.9']);
    await hosts.world.pass(89 * SECOND);
    expect(hosts.asked('www.out', 'A')).toBe(1);
    await hosts.world.pass(9 * SECOND);
    expect(hosts.asked('www.out', 'A')).toBe(2);
    expect(hosts.told('z.test A')[1]).toMatch(/ [12] IN A 192.0.2.1$/);
    await hosts.world.pass(4 * SECOND);
    expect(hosts.told('z.test A')).toEqual([
      'NOERROR aa',
      expect.stringMatching(/^an z.test. 9\d IN A 192.0.2.9$/),
    ]);
  });

  test('has no more addresses when it says so, for as long as it says', async () => {
    const hosts = new Hosts(['www.out 100 A 192.0.2.1'], ALIAS);
    await hosts.world.pass(SECOND);
    // Of AAAA the SOA of the internet says how long: a minute.
    expect(hosts.told('z.test AAAA')).toEqual(['NOERROR aa', 'ns z.test. 59 IN SOA']);
    hosts.tell([]);
    await hosts.world.pass(120 * SECOND);
    expect(hosts.told('z.test A')[0]).toBe('NOERROR aa');
    expect(hosts.told('z.test A')[1]).toMatch(/ SOA$/);
    expect(hosts.said).toContain('www.out. A: there is no such name');
  });

  test('whose TTL is 0 is kept a little', async () => {
    const hosts = new Hosts(['www.out 0 A 192.0.2.1'], ALIAS);
    await hosts.world.pass(60 * SECOND);
    expect(hosts.told('z.test A')[1]).toMatch(/ [1-5] IN A 192.0.2.1$/);
    expect(hosts.asked('www.out', 'A')).toBeLessThanOrEqual(2 * (60 / HOST_SECONDS_MIN + 1));
  });

  test('whose servers are silent is told as it was, for half a minute each, for a day', async () => {
    const hosts = new Hosts(OUTSIDE, ALIAS);
    await hosts.world.pass(SECOND);
    hosts.isSilent = true;
    await hosts.world.pass(200 * SECOND);
    expect(hosts.told('z.test A')).toEqual(addresses('30 IN A 192.0.2.1', '30 IN A 192.0.2.2'));
    expect(hosts.said.map((line) => line.replace(/: .*/, ''))).toEqual(['www.out. AAAA', 'www.out. A']);
    expect(hosts.counters.get(Counter.hostsFailed)).toBeGreaterThan(2);
    await hosts.world.pass((HOST_STALE_SECONDS + 200) * SECOND);
    expect(hosts.told('z.test A')).toEqual(['SERVFAIL']);
    // Not more than one in some 45 seconds.
    expect(hosts.counters.get(Counter.hostsFailed)).toBeLessThan((2 * HOST_STALE_SECONDS) / 40);
    hosts.isSilent = false;
    await hosts.world.pass(700 * SECOND);
    expect(hosts.told('z.test AAAA')[1]).toMatch(/ IN AAAA 2001:db8::1$/);
    expect(hosts.said.slice(2).sort()).toEqual(['www.out. A: known', 'www.out. AAAA: known']);
  });

  test('is told of with what is wrong, since when, and when it is asked for again', async () => {
    const hosts = new Hosts(OUTSIDE, ALIAS);
    await hosts.world.pass(SECOND);
    expect(hosts.troubles('www.out.')).toEqual([]);
    hosts.isSilent = true;
    await hosts.world.pass(200 * SECOND);
    const troubles = hosts.troubles('www.out.');
    expect(troubles.map(({ type }) => type)).toEqual(['A', 'AAAA']);
    for (const { host, why, agoMs, nextMs } of troubles) {
      expect([host, why]).toEqual(['www.out.', expect.stringMatching(/\w/)]);
      expect(agoMs + nextMs).toBeLessThanOrEqual(HOST_RETRY_MS_MAX);
      expect(agoMs).toBeGreaterThan(0);
    }
    expect(hosts.troubles('other.out.')).toEqual([]);
    hosts.isSilent = false;
    hosts.tell([]);
    await hosts.world.pass(200 * SECOND);
    expect(hosts.troubles('www.out.').map(({ why }) => why)).toEqual([
      'there is no such name',
      'there is no such name',
    ]);
  });

  test('without IPv6 is without it also while its servers are silent', async () => {
    const hosts = new Hosts(['www.out 100 A 192.0.2.1'], ALIAS);
    await hosts.world.pass(SECOND);
    hosts.isSilent = true;
    await hosts.world.pass(200 * SECOND);
    expect(hosts.told('z.test AAAA')).toEqual(['NOERROR aa', 'ns z.test. 30 IN SOA']);
  });

  test('is known to who comes after a keeper that died', async () => {
    const hosts = new Hosts(OUTSIDE, ALIAS);
    await hosts.world.pass(SECOND);
    hosts.isSilent = true;
    await hosts.world.pass(HOST_STALE_SECONDS * SECOND);
    hosts.begin();
    await hosts.world.pass(60 * SECOND);
    expect(hosts.told('z.test A')).toEqual(addresses('30 IN A 192.0.2.1', '30 IN A 192.0.2.2'));
  });
});

test('many hosts are asked for some at a time', async () => {
  const members = Array.from({ length: 200 }, (_, i) => `h${i}.out`);
  const hosts = new Hosts(
    members.map((host, i) => `${host} 100 A 10.0.0.${i}`),
    { 'z.test': members.map((host) => `@ POOL ${host}.`).join('\n') },
  );
  expect(hosts.counters.get(Counter.resolutionsStarted)).toBeLessThanOrEqual(HOST_QUESTIONS_MAX);
  await hosts.world.pass(5 * SECOND);
  expect(hosts.told('z.test A', { tcp: true })).toHaveLength(201);
});

describe('zones of ours', () => {
  const zones = (address: string): Record<string, string> => ({
    'z.test':
      'name POOL WWW\nname POOL 192.0.2.7\nalias POOL cname\nother POOL pool.y.test.\nwww A 192.0.2.7',
    'y.test': `pool 20 POOL ${address}`,
  });

  test('are followed by alias and pool, addresses told once, and heeded when they change', async () => {
    const own = { ...zones('192.0.2.8') };
    own['z.test'] += '\ncname CNAME out.y.test.';
    own['y.test'] += '\nout CNAME www.out.';
    const hosts = new Hosts(OUTSIDE, own);
    await hosts.world.pass(SECOND);
    expect(hosts.told('name.z.test A')).toEqual(['NOERROR aa', 'an name.z.test. 299 IN A 192.0.2.7']);
    expect(hosts.told('alias.z.test A')).toHaveLength(3);
    expect(hosts.told('other.z.test A')).toEqual(['NOERROR aa', 'an other.z.test. 19 IN A 192.0.2.8']);
    hosts.serve({ ...own, 'y.test': own['y.test']?.replace('192.0.2.8', '192.0.2.9') ?? '' });
    await hosts.world.pass(1);
    expect(hosts.told('other.z.test A')[1]).toMatch(/ 192.0.2.9$/);
    // Of others nothing is asked for it.
    expect(hosts.asked('www.out', 'A')).toBe(1);
  });

  test('that go, with a name that is not in those that come, are answered from to the end', async () => {
    const hosts = new Hosts(OUTSIDE, { 'z.test': '@ POOL was\nwas A 192.0.2.7' });
    await hosts.world.pass(SECOND);
    const coming = { 'z.test': '@ POOL is\nis A 192.0.2.8\nb POOL b.out.' };
    hosts.foretell(coming);
    await hosts.world.pass(SECOND);
    expect(hosts.told('z.test A')).toEqual(addresses('298 IN A 192.0.2.7'));
    hosts.serve(coming);
    expect(hosts.told('z.test A')).toEqual(addresses('299 IN A 192.0.2.8'));
  });

  test('that need a host no more have it forgotten', async () => {
    const hosts = new Hosts(OUTSIDE, { 'z.test': '@ POOL www.out.\nb POOL b.out.' });
    await hosts.world.pass(SECOND);
    hosts.serve({ 'z.test': 'b POOL b.out.' });
    const { log } = hosts.internet;
    const before = log.length;
    await hosts.world.pass(300 * SECOND);
    expect(log.slice(before).filter(({ name }) => name.toLowerCase() === 'www.out')).toEqual([]);
    hosts.serve({ 'z.test': '@ POOL www.out.\nb POOL b.out.' });
    expect(hosts.told('z.test A')).toEqual(['SERVFAIL']);
  });
});

describe('a host that leads back to its pool', () => {
  test.each([
    ['by a pool of another zone', { 'z.test': '@ POOL a.y.test.', 'y.test': 'a POOL z.test.' }, []],
    ['by a use', { 'z.test': '@ POOL a.y.test.', 'y.test': 'a POOL use=z.test.' }, []],
    ['by an alias of others', { 'z.test': '@ POOL www.out.' }, ['www.out 100 CNAME z.test']],
    ['by a DNAME', { 'z.test': '@ POOL z.d.y.test.', 'y.test': 'd DNAME test.' }, []],
  ])('has no addresses, though another member has: %s', async (_, zones, records) => {
    const hosts = new Hosts(records, zones);
    await hosts.world.pass(10 * SECOND);
    expect(hosts.told('z.test A')).toEqual(['SERVFAIL']);
    expect(hosts.said[0]).toMatch(/ A: (it leads back to itself|SERVFAIL: the addresses .* are not known)/);
    // What it would have from there would be kept for ever.
    const mixed = Object.entries(zones).map(([apex, text]) => [apex, `${text}\n@ POOL 192.0.2.7`] as const);
    const others = new Hosts(records, Object.fromEntries(mixed));
    await others.world.pass(10 * SECOND);
    expect(others.told('z.test A')).toEqual(addresses('300 IN A 192.0.2.7'));
    others.serve(zones);
    await others.world.pass(10 * SECOND);
    expect(others.told('z.test A')).toEqual(['SERVFAIL']);
  });
});

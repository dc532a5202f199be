/** Hosts that have checks, in virtual time: their addresses are what the test says, and clients ask. */
import { describe, expect, test } from 'vitest';
import { parseIp } from '../../src/base/ip.ts';
import { HEALTH_FOLLOW_MS, HOST_VIEWS_LOOK_MS } from '../../src/base/limits.ts';
import type { Check, Procedure } from '../../src/health/check.ts';
import type { WatchTerms } from '../../src/health/watch.ts';
import { Flattened, HostState } from '../../src/pool/flattened.ts';
import { HostSlots } from '../../src/pool/host-slots.ts';
import { nameHash } from '../../src/wire/name.ts';
import { PoolKind } from '../../src/wire/pool.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import type { Image } from '../../src/zone/image.ts';
import { type AskOptions, ask, name, pipeline, sortedLines } from '../support/authority.ts';
import { states, tcp, told, Ward, web, zone } from './ward.ts';

const LOOK_MS = HOST_VIEWS_LOOK_MS + HEALTH_FOLLOW_MS;

class HostWard extends Ward {
  readonly slots = new HostSlots();
  pools: Image;
  readonly #table: Flattened;

  constructor(records: string, hosts: Readonly<Record<string, string>>, over: Partial<WatchTerms> = {}) {
    super();
    this.pools = zone(records, undefined, this.slots);
    this.#table = new Flattened(this.slots.memory as SharedArrayBuffer);
    for (const [host, addresses] of Object.entries(hosts)) this.say(host, addresses);
    this.follow(this.pools, { ...over, hosts: new Flattened(this.#table.memory) });
  }

  /** As the resolver thread says it. */
  say(host: string, addresses: string, state: number = HostState.KNOWN, seconds = 300): void {
    const all = addresses.split(' ').flatMap((text) => parseIp(text) ?? []);
    const slot = this.slots.slotOf(name(`${host}.`));
    const untilMs = this.world.nowMs() + 1_000 * seconds;
    for (const [kind, size] of [
      [PoolKind.IPV4, 4],
      [PoolKind.IPV6, 16],
    ] as const) {
      const those = all.filter(({ length }) => length === size);
      this.#table.write(slot, nameHash(name(`${host}.`)), kind, state, those, untilMs);
    }
  }

  kill(...addresses: string[]): void {
    for (const address of addresses) this.dead.add(`${address}:80`);
  }

  revive(): void {
    this.dead.clear();
  }

  /** The addresses that a client is told, or how it ended without. */
  told(type: 'A' | 'AAAA' | 'SRV' | 'HTTPS', options?: AskOptions): string {
    const { world, counters, pools } = this;
    const hosts = new Flattened(this.#table.memory);
    const subject = pipeline(new Catalog([pools]), { world, counters, hosts });
    const [head = '', ...records] = sortedLines(ask(subject, `www.z.test ${type}`, options));
    const answers = records.filter((line) => line.startsWith('an '));
    return answers.length === 0 ? head : answers.map((line) => line.split(' ').at(-1)).join(' ');
  }

  ttl(type: string): number {
    const { world, counters, pools } = this;
    const subject = pipeline(new Catalog([pools]), {
      ...{ world, counters, hosts: new Flattened(this.#table.memory) },
    });
    return Number(sortedLines(ask(subject, `www.z.test ${type}`))[1]?.split(' ')[2]);
  }
}

const ONE = 'www POOL h.example. check=web';
const TWO = { 'h.example': '10.0.0.1 10.0.0.2' };

describe('a host with checks', () => {
  test('is told with those of its addresses that are up', async () => {
    const ward = new HostWard(ONE, TWO);
    expect([states(ward.pools), ward.standings.load.awaited]).toEqual([['out pending'], 2]);
    await ward.world.pass(5_000);
    expect([states(ward.pools), ward.told('A')]).toEqual([['in'], '10.0.0.1 10.0.0.2']);
    ward.kill('10.0.0.2');
    await ward.world.pass(950);
    expect(ward.told('A')).toBe('10.0.0.1 10.0.0.2');
    await ward.world.pass(1_250);
    expect([states(ward.pools), ward.told('A')]).toEqual([['in'], '10.0.0.1']);
    ward.revive();
    await ward.world.pass(2_250);
    expect(ward.told('A')).toBe('10.0.0.1 10.0.0.2');
    expect(ward.changes).toEqual(['web 10.0.0.2:80 down (refused)', 'web 10.0.0.2:80 up (connected)']);
  });

  test('is down when none of them is up, and then as the pool says', async () => {
    const ward = new HostWard(`${ONE}\nwww POOL 10.0.0.9`, TWO);
    ward.kill('10.0.0.1', '10.0.0.2');
    await ward.world.pass(100);
    expect([states(ward.pools), ward.told('A')]).toEqual([['out', 'in'], '10.0.0.9']);
    for (const [allDown, is] of [
      ['serve-all', '10.0.0.1 10.0.0.2'],
      ['nodata', 'NOERROR aa'],
      ['servfail', 'SERVFAIL'],
    ]) {
      const alone = new HostWard(`${ONE}\nwww POOL * all-down=${allDown}`, TWO);
      alone.kill('10.0.0.1', '10.0.0.2');
      await alone.world.pass(100);
      expect([states(alone.pools), alone.told('A')]).toEqual([['out'], is]);
    }
  });

  test('of which the prober has not heard yet is told whole, where nobody else is up', async () => {
    const ward = new HostWard(ONE, TWO);
    ward.kill('10.0.0.2');
    await ward.world.pass(100);
    ward.pools = zone('www POOL h.example. check=web,told', ward.pools, ward.slots);
    expect([states(ward.pools), ward.told('A')]).toEqual([['out pending'], '10.0.0.1 10.0.0.2']);
    ward.follow(ward.pools);
    expect(ward.told('A')).toBe('10.0.0.1');
    // With the checks of before it has not been heard of lately either.
    ward.pools = zone(ONE, undefined, ward.slots);
    expect(ward.told('A')).toBe('10.0.0.1 10.0.0.2');
  });

  test('is up for each family where an address of that is', async () => {
    const ward = new HostWard(`${ONE}\nwww POOL 10.0.0.9\nwww POOL 2001:db8::9`, {
      'h.example': '10.0.0.1 2001:db8::1',
    });
    ward.kill('10.0.0.1');
    await ward.world.pass(100);
    expect(states(ward.pools)).toEqual(['in', 'in', 'in']);
    expect([ward.told('A'), ward.told('AAAA')]).toEqual(['10.0.0.9', '2001:db8::1 2001:db8::9']);
    const alone = new HostWard(`${ONE}\nwww POOL * all-down=nodata`, { 'h.example': '10.0.0.1 2001:db8::1' });
    alone.kill('10.0.0.1');
    await alone.world.pass(100);
    expect([alone.told('A'), alone.told('AAAA')]).toEqual(['NOERROR aa', '2001:db8::1']);
  });

  test('stays in by the word of an operator, or where too many are down, and is told whole', async () => {
    for (const [options, over] of [
      ['www POOL * eject-at-most=0%', {}],
      ['', { holds: [{ pool: 'www.z.test.', member: 'h.example.', hold: 'force' }] }],
    ] as const) {
      const ward = new HostWard(`${ONE}\nwww POOL 10.0.0.9\n${options}`, TWO, over);
      ward.kill('10.0.0.1', '10.0.0.2');
      await ward.world.pass(5_000);
      expect(ward.told('A')).toBe('10.0.0.1 10.0.0.2 10.0.0.9');
      ward.dead.delete('10.0.0.1:80');
      await ward.world.pass(5_000);
      expect(ward.told('A')).toBe('10.0.0.1 10.0.0.9');
    }
  });

  test('is down without addresses, and pending until it is found', async () => {
    const ward = new HostWard('www POOL h.example. port=80 check=web\nwww POOL i.example. port=80', {
      ...{ 'h.example': '', 'i.example': '' },
    });
    expect([states(ward.pools), ward.told('SRV')]).toEqual([['out', 'in'], 'i.example.']);
    ward.say('h.example', '', HostState.FAILED);
    await ward.world.pass(LOOK_MS);
    expect(states(ward.pools)).toEqual(['out pending', 'in']);
    ward.say('h.example', '10.0.0.1');
    await ward.world.pass(LOOK_MS + 100);
    expect([states(ward.pools), ward.told('SRV')]).toEqual([['in', 'in'], 'h.example. i.example.']);
  });

  test('is no service without a port, known or not [RFC 2782, RFC 9460 §9.5]', () => {
    for (const state of [HostState.KNOWN, HostState.FAILED]) {
      const ward = new HostWard('www POOL h.example.', {});
      ward.say('h.example', '10.0.0.1 2001:db8::1', state);
      expect([ward.told('SRV'), ward.told('HTTPS')]).toEqual(['NOERROR aa', 'NOERROR aa']);
    }
  });

  test('holds no longer than its addresses do, nor than what is known of any of them', async () => {
    const slow = tcp('web', { intervalMs: 60_000, fall: 3 });
    const ward = new HostWard(ONE, {}, { checks: [slow] });
    ward.say('h.example', '10.0.0.1 10.0.0.2', HostState.KNOWN, 30);
    await ward.world.pass(LOOK_MS + 100);
    expect(ward.ttl('A')).toBe(29);
    ward.say('h.example', '10.0.0.2 10.0.0.1', HostState.KNOWN, 50);
    await ward.world.pass(HOST_VIEWS_LOOK_MS);
    expect(ward.ttl('A')).toBe(49);
    ward.say('h.example', '10.0.0.2 10.0.0.1', HostState.STALE);
    await ward.world.pass(HOST_VIEWS_LOOK_MS);
    expect(ward.ttl('A')).toBe(30);
    expect(ward.probed.size).toBe(2);
  });
});

describe('when its addresses change', () => {
  test('who is new is told after its first result, and who is gone is told and probed no more', async () => {
    const ward = new HostWard(ONE, TWO);
    await ward.world.pass(3_000);
    ward.silent.add('10.0.0.3:80');
    ward.say('h.example', '10.0.0.3 10.0.0.2');
    await ward.world.pass(LOOK_MS);
    expect([states(ward.pools), ward.told('A')]).toEqual([['in'], '10.0.0.2']);
    const gone = ward.probed.get('10.0.0.1:80');
    ward.silent.clear();
    await ward.world.pass(2_000);
    expect(ward.told('A')).toBe('10.0.0.2 10.0.0.3');
    expect(ward.probed.get('10.0.0.1:80')).toBe(gone);
    expect(ward.watch.members(undefined)[0]?.targets.map(({ address }) => address)).toEqual([
      '10.0.0.3',
      '10.0.0.2',
    ]);
  });

  test('and none is known to be up, all that have no result yet are told, as at the start', async () => {
    const ward = new HostWard(ONE, TWO);
    ward.kill('10.0.0.1', '10.0.0.2');
    await ward.world.pass(3_000);
    for (const address of ['10.0.0.3:80', '10.0.0.4:80']) ward.silent.add(address);
    ward.say('h.example', '10.0.0.2 10.0.0.3 10.0.0.4');
    await ward.world.pass(LOOK_MS);
    expect([states(ward.pools), ward.told('A')]).toEqual([['out pending'], '10.0.0.3 10.0.0.4']);
  });

  test('another prober knows who was told as what', async () => {
    const [first, second] = [new HostWard(ONE, TWO), new Ward()];
    first.kill('10.0.0.2');
    await first.world.pass(3_000);
    first.watch.close();
    second.follow(first.pools, { hosts: first.terms.hosts });
    expect([states(first.pools), first.told('A')]).toEqual([['in'], '10.0.0.1']);
    expect(second.standings.load.awaited).toBe(1);
  });
});

describe('probes of hosts', () => {
  test('are one for an address, whoever has it', async () => {
    const members = ['h.example. check=web', 'i.example. check=web', '10.0.0.1 check=web'];
    const records = members.map((member, i) => `${i === 0 ? 'www' : `w${i}`} POOL ${member}`).join('\n');
    const ward = new HostWard(records, { 'h.example': '10.0.0.1', 'i.example': '10.0.0.1' });
    await ward.world.pass(100);
    expect(ward.probed.get('10.0.0.1:80')).toBe(1);
    expect(states(ward.pools)).toEqual(['in', 'in', 'in']);
  });

  const asking = (kind: 'http' | 'https', host?: string, serverName?: string): Procedure => {
    const http = { method: 'GET', path: '/', host, expect: [[200, 399]], contains: undefined } as const;
    const tls = { serverName, verify: true };
    return kind === 'http' ? { kind, port: 8080, http } : { kind, port: undefined, http, tls };
  };

  test.each([
    [asking('http'), ['10.0.0.1 by HTTP a.example:8080', '10.0.0.1 by HTTP b.example:8080']],
    [asking('http', 'c.example'), ['10.0.0.1 by HTTP c.example']],
    [
      asking('https'),
      ['a.example', 'b.example'].flatMap((host) => [`10.0.0.1 by HTTP ${host}`, `10.0.0.1 by TLS ${host}`]),
    ],
    [asking('https', 'c.example', 'd.example'), ['10.0.0.1 by HTTP c.example', '10.0.0.1 by TLS d.example']],
    [
      { kind: 'tls', port: 443, tls: { serverName: undefined, verify: false } } as Procedure,
      ['10.0.0.1 by TLS a.example', '10.0.0.1 by TLS b.example'],
    ],
  ])('ask for the host by its name, where the check names none: %#', async (procedure, names) => {
    const hosts = { 'a.example': '10.0.0.1', 'b.example': '10.0.0.1' };
    const ward = new HostWard('www POOL a.example. check=named\nwww POOL b.example. check=named', hosts, {
      checks: [tcp('named', { procedure })] as Check[],
    });
    await ward.world.pass(100);
    expect([...ward.names].sort()).toEqual(names.sort());
  });

  test('go nowhere that they may not: such an address is up, and that is told [LIMITS G7]', async () => {
    const ward = new HostWard(`${ONE}\nwww POOL 10.0.0.9`, { 'h.example': '10.0.0.1 127.0.0.1' });
    ward.kill('10.0.0.1');
    await ward.world.pass(3_000);
    expect([...ward.probed.keys()]).toEqual(['10.0.0.1:80']);
    expect(ward.told('A')).toBe('10.0.0.9 127.0.0.1');
    ward.follow(ward.pools);
    expect(ward.unprobed).toEqual(['h.example. 127.0.0.1 web: loopback']);
  });

  test('that nobody may send are no checks', async () => {
    const ward = new HostWard(ONE, { 'h.example': '127.0.0.1 127.0.0.2' });
    await ward.world.pass(3_000);
    expect([states(ward.pools), ward.told('A')]).toEqual([['in'], '127.0.0.1 127.0.0.2']);
  });

  test('are in the place of what others report, of an address of the host', async () => {
    const ward = new HostWard('www POOL h.example. check=told', TWO, { checks: [web, told] });
    const report = (address: string, isUp: boolean): number =>
      ward.watch.report('told', parseIp(address) as Uint8Array, isUp, Infinity);
    expect([report('10.0.0.1', true), report('10.0.0.2', false), report('10.0.0.3', true)]).toEqual([
      1, 1, 0,
    ]);
    await ward.world.pass(100);
    expect(ward.told('A')).toBe('10.0.0.1');
  });
});

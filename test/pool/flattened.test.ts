/** The table of hosts' addresses, and whose slots are whose. */
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { HOST_ADDRESSES_MAX, HOSTS_MAX, STALE_TTL_SECONDS } from '../../src/base/limits.ts';
import { Flattened, HostState, newFlattened } from '../../src/pool/flattened.ts';
import { HostSlots, NO_SLOT } from '../../src/pool/host-slots.ts';
import { hostsIn } from '../../src/pool/hosts-in.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import { nameText } from '../../src/wire/name.ts';
import { PoolKind } from '../../src/wire/pool.ts';
import type { Image } from '../../src/zone/image.ts';
import { image, name, SOA_AND_NS } from '../support/authority.ts';

const v4 = (n: number): Uint8Array => Uint8Array.of(192, 0, 2, n);
const v6 = (n: number): Uint8Array => Uint8Array.of(0x20, 1, ...Array(13).fill(0), n);

const read = (table: Flattened, slot: number, hash: number, kind: number): number[] => {
  table.read(slot, hash, kind);
  return [table.state, table.count, ...table.addresses.subarray(0, 4 * Math.min(table.count, 2))];
};

describe('a slot', () => {
  test('has what was written last, of each family its own', () => {
    const table = new Flattened(newFlattened());
    expect(read(table, 0, 7, PoolKind.IPV4)).toEqual([HostState.PENDING, 0]);
    table.write(0, 7, PoolKind.IPV4, HostState.KNOWN, [v4(1), v4(2)], 10_500);
    table.write(0, 7, PoolKind.IPV6, HostState.KNOWN, [v6(1)], 20_000);
    expect(read(table, 0, 7, PoolKind.IPV4)).toEqual([HostState.KNOWN, 2, 192, 0, 2, 1, 192, 0, 2, 2]);
    expect([table.ttl(1_000), table.ttl(9_999), table.ttl(60_000)]).toEqual([9, 1, 1]);
    expect(read(table, 0, 7, PoolKind.IPV6).slice(0, 4)).toEqual([HostState.KNOWN, 1, 0x20, 1]);
    table.write(0, 7, PoolKind.IPV4, HostState.STALE, [v4(3)], 0);
    expect(read(table, 0, 7, PoolKind.IPV4)).toEqual([HostState.STALE, 1, 192, 0, 2, 3]);
    expect([table.isTold, table.ttl(1_000_000)]).toEqual([true, STALE_TTL_SECONDS]);
  });

  test('says nothing to who looks for another host', () => {
    const table = new Flattened(newFlattened());
    table.write(3, 7, PoolKind.IPV4, HostState.KNOWN, [v4(1)], 10_000);
    expect(read(table, 3, 8, PoolKind.IPV4)).toEqual([HostState.PENDING, 0]);
    expect(read(table, NO_SLOT, 7, PoolKind.IPV4)).toEqual([HostState.FAILED, 0]);
  });

  test('at the end of the table holds all that it may', () => {
    const table = new Flattened(newFlattened());
    const all = Array.from({ length: HOST_ADDRESSES_MAX }, (_, i) => v6(i));
    for (let i = 0; i < 2; i++) table.write(HOSTS_MAX - 1, 7, PoolKind.IPV6, HostState.KNOWN, all, 10_000);
    table.read(HOSTS_MAX - 1, 7, PoolKind.IPV6);
    expect(table.addresses.at(-1)).toBe(HOST_ADDRESSES_MAX - 1);
    expect(read(table, HOSTS_MAX - 2, 7, PoolKind.IPV6)[0]).toBe(HostState.PENDING);
  });
});

test('a reader beside the writer sees one writing or another, and no mixture', async () => {
  const memory = newFlattened();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const writer = new Worker(new URL('./flattened-writer.ts', import.meta.url), {
    workerData: { memory, stop },
  });
  const table = new Flattened(memory);
  const ended = new Promise((resolve) => writer.once('exit', resolve));
  await new Promise((resolve) => writer.once('message', resolve));
  const seen = new Set<number>();
  for (let i = 0; i < 200_000; i++) {
    table.read(0, 7, PoolKind.IPV6);
    if (table.count === 0) continue;
    const all = table.addresses.subarray(0, 16 * table.count);
    const [first = 0] = all;
    seen.add(first);
    if (all.some((byte) => byte !== first) || table.count !== first) throw new Error(`mixed: ${all.join()}`);
  }
  Atomics.store(stop, 0, 1);
  await ended;
  expect(seen.size).toBeGreaterThan(1);
});

describe('slots', () => {
  test('are others for views: one for each host, port and checks, and their table has room', () => {
    const slots = new HostSlots();
    const [a, b] = [name('a.example.'), name('b.example.')];
    const [host, web, db] = [slots.slotOf(a), Uint8Array.of(1, 0x77), Uint8Array.of(1, 0x64)];
    const views = [
      slots.viewOf(a, 80, web),
      slots.viewOf(a, 81, web),
      slots.viewOf(a, 80, db),
      slots.viewOf(b, 80, web),
    ];
    expect(new Set([host, ...views]).size).toBe(5);
    expect(slots.viewOf(name('A.example.'), 80, web)).toBe(views[0]);
    expect(slots.known.viewOf(a, 80, db)).toBe(views[2]);
    for (let i = views.length; i < HOSTS_MAX; i++) slots.viewOf(name(`h${i}.example.`), 80, web);
    expect(slots.viewOf(name('more.example.'), 80, web)).toBe(NO_SLOT);
    const table = new Flattened(slots.memory as SharedArrayBuffer);
    const last = slots.known.viewOf(name(`h${HOSTS_MAX - 1}.example.`), 80, web);
    table.write(last, 7, PoolKind.IPV6, HostState.DOWN, [v6(1)], 10_000);
    expect(read(table, last, 7, PoolKind.IPV6).slice(0, 2)).toEqual([HostState.DOWN, 1]);
    expect(table.isTold).toBe(true);
    // No plan has any of them.
    slots.tidy([]);
    expect(slots.viewOf(name('more.example.'), 80, web)).toBe(views[0]);
  });

  const zoneOf = (slots: HostSlots, ...hosts: string[]): Image =>
    planned(
      image('z.test.', `$TTL 60\n${SOA_AND_NS}${hosts.map((host) => `@ POOL ${host}`).join('\n')}\n`),
      undefined,
      slots,
    );

  test('are the same for a host in any spelling, in any plan', () => {
    const slots = new HostSlots();
    expect(slots.memory).toBeUndefined();
    const zone = zoneOf(slots, 'A.example.', 'b.example.');
    const [a, b] = [slots.slotOf(name('a.example.')), slots.slotOf(name('b.example.'))];
    expect(a).not.toBe(b);
    expect(hostsIn([zoneOf(slots, 'b.example.'), zone])).toEqual(
      new Map([a, b].map((slot, i) => [slot, name(i === 0 ? 'a.example.' : 'b.example.')])),
    );
  });

  test('of hosts that no plan has are given out again, when there are no others', () => {
    const slots = new HostSlots();
    const zone = zoneOf(slots, 'stays.example.');
    const kept = slots.slotOf(name('stays.example.'));
    for (let i = 1; i < HOSTS_MAX; i++) expect(slots.slotOf(name(`h${i}.example.`))).toBe(i);
    expect([slots.slotOf(name('more.example.')), slots.takeRefused(), slots.takeRefused()]).toEqual([
      NO_SLOT,
      1,
      0,
    ]);
    slots.tidy([zone]);
    expect([...slots.given.values()]).toEqual([kept]);
    expect(slots.slotOf(name('more.example.'))).toBe(1);
    expect([...hostsIn([zone]).values()].map((host) => nameText(host))).toEqual(['stays.example.']);
  });
});

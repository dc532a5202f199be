import { expect, test } from 'vitest';
import { ADDRESS_RESCAN_MS } from '../../src/base/limits.ts';
import { realWorld, type World } from '../../src/base/world.ts';
import { AddressWatch } from '../../src/control/address-watch.ts';
import type { Refusal } from '../../src/control/doors.ts';
import type { Logger } from '../../src/control/log.ts';

type Change = { came: string[]; went: string[]; refused: Refusal[] };
const nothing: Change = { came: [], went: [], refused: [] };
const refusal: Refusal = { listen: { address: '192.0.2.1', port: 53 }, via: 'UDP', code: 'EACCES' };

function watching(changes: (Change | Error)[]) {
  const waits: { ms: number; call: () => void }[] = [];
  const told: unknown[] = [];
  let noted = 0;
  const world: World = {
    ...realWorld,
    after: (ms, call) => {
      const wait = { ms, call };
      waits.push(wait);
      return () => void waits.splice(waits.indexOf(wait) >>> 0, 1);
    },
  };
  const logger = {
    info: (f: unknown) => told.push(f),
    warn: (t: unknown) => told.push(t),
  } as unknown as Logger;
  const adjust = async (): Promise<Change> => {
    const change = changes.shift() ?? nothing;
    if (change instanceof Error) throw change;
    return change;
  };
  const watch = new AddressWatch({ adjust }, () => noted++, world, logger);
  return { watch, waits, told, noted: () => noted };
}

test('addresses are looked at again and again, and what changed is told', async () => {
  const { watch, waits, told, noted } = watching([
    nothing,
    { came: ['192.0.2.1:53'], went: [], refused: [] },
  ]);
  for (let i = 1; i <= 3; i++) {
    expect(waits.map(({ ms }) => ms)).toEqual([ADDRESS_RESCAN_MS]);
    waits.shift()?.call();
    await watch.look();
    expect(noted()).toBe(2 * i);
  }
  expect(told).toEqual([{ came: ['192.0.2.1:53'], went: [] }]);
});

test('a door that cannot be opened is told once, and again when it was open meanwhile', async () => {
  const refused = { ...nothing, refused: [refusal] };
  const { watch, told } = watching([refused, refused, nothing, refused]);
  for (let i = 0; i < 4; i++) await watch.look();
  expect(told).toHaveLength(2);
  expect(told[0]).toContain('cannot listen on 192.0.2.1:53 (UDP)');
});

test('a look that fails is not the last one', async () => {
  const { watch, waits, told } = watching([new Error('not now'), { ...nothing, came: ['192.0.2.1:53'] }]);
  await expect(watch.look()).rejects.toThrow('not now');
  expect(waits).toHaveLength(1);
  await watch.look();
  expect(told).toEqual([{ came: ['192.0.2.1:53'], went: [] }]);
  await watch.close();
});

test('nothing is looked at after the end', async () => {
  const { watch, waits } = watching([]);
  await watch.look();
  await watch.close();
  expect(waits).toEqual([]);
});

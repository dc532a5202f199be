/**
 * POOL records: how they are read where they lie, and what is not let in, written or on the wire. What is
 * well-formed stands in test/golden/rdata.
 */
import { describe, expect, test } from 'vitest';
import { Type } from '../../src/wire/codes.ts';
import {
  attributeLength,
  findAttribute,
  PoolKey,
  PoolKind,
  poolAttributesAt,
  poolKind,
} from '../../src/wire/pool.ts';
import { wireOf } from './rdata-fields.ts';

describe('read where it lies', () => {
  const rdata = wireOf(Type.POOL, '192.0.2.10 port=443 geo=EU');
  const block = Uint8Array.of(9, 9, 9, ...rdata, 0, 5, 0, 1, 7); // What follows is not its own.
  const end = 3 + rdata.length;

  test('its kind, and where attributes begin', () => {
    expect([poolKind(block, 3), poolAttributesAt(block, 3)]).toEqual([PoolKind.IPV4, 8]);
    const subjects = ['*', '2001:db8::1', 'host.example.net.', 'use=a.'];
    const starts = subjects.map((text) => poolAttributesAt(wireOf(Type.POOL, text), 0));
    expect(starts).toEqual([1, 17, 19, 4]);
  });

  test('an attribute by its key: the first, the last, none before, between, behind', () => {
    const port = findAttribute(block, 3, end, PoolKey.PORT);
    const geo = findAttribute(block, 3, end, PoolKey.GEO);
    expect([block[port], block[port + 1], attributeLength(block, port)]).toEqual([1, 187, 2]);
    expect([...block.subarray(geo, geo + attributeLength(block, geo))]).toEqual([2, 0x45, 0x55]);
    const others = [PoolKey.WEIGHT, PoolKey.CHECK, PoolKey.BIAS];
    expect(others.map((key) => findAttribute(block, 3, end, key))).toEqual([0, 0, 0]);
  });
});

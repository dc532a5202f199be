import { expect, test } from 'vitest';
import { u8, u16, u32 } from '../../src/base/bytes.ts';

test('a read past the end yields 0, and what is there of a number', () => {
  const bytes = Uint8Array.of(1, 2);
  expect([u8(bytes, 1), u8(bytes, 2), u16(bytes, 2), u32(bytes, 5)]).toEqual([2, 0, 0, 0]);
  expect([u16(bytes, 1), u32(bytes, 0)]).toEqual([0x0200, 0x0102_0000]);
});

/** Which questions wait behind one another. */
import { expect, test } from 'vitest';
import { flowOf } from '../../src/server/flow.ts';
import { Class, Type } from '../../src/wire/codes.ts';
import { writeQuery } from '../../src/wire/message.ts';
import { nameFromText } from '../../src/wire/name.ts';

const flow = (name: string): string =>
  flowOf(
    writeQuery({
      ...{ id: 1, type: Type.A, class: Class.IN, recursionDesired: true },
      spelled: nameFromText(name) as Uint8Array,
    }),
  );

test('names below the same two labels are one flow, however they are spelled', () => {
  expect(flow('r1.dead.com')).toBe(flow('r2.r3.DEAD.com'));
  expect(flow('dead.com')).toBe(flow('r1.dead.com'));
  expect(flow('www.well.com')).not.toBe(flow('r1.dead.com'));
  expect(flow('dead.com')).not.toBe(flow('dead.net'));
  expect(flow('com')).not.toBe(flow('dead.com'));
});

test('what has no name is a flow, too', () => {
  expect(flowOf(new Uint8Array(12))).toBe(flow('.'));
  expect(flowOf(new Uint8Array(3))).toBe(flow('.'));
  expect(flowOf(new Uint8Array(40).fill(0xff))).toBe(flow('.'));
});

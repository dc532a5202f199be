import fc from 'fast-check';
import { expect, test } from 'vitest';
import { u16 } from '../../src/base/bytes.ts';
import { nameFromText, nameHash, nameText, ownName, ROOT } from '../../src/wire/name.ts';
import { Records } from '../../src/zone/records.ts';

const name = (text: string): Uint8Array => nameFromText(text) as Uint8Array;

test('the apex is name 0, and a name is interned once, whatever its case', () => {
  const records = new Records(name('example.'));
  expect(records.intern(name('example.'), 0)).toBe(0);
  const upper = Buffer.from('\x01A\x07eXAMPLE\0', 'latin1');
  const id = records.intern(upper, 0);
  expect([id, records.intern(name('a.example.'), 0), records.nameCount]).toEqual([1, 1, 2]);
  expect(nameText(records.name(id))).toBe('a.example.');
});

test('a name is found wherever it lies, and -1 is for none', () => {
  const records = new Records(name('example.'));
  const id = records.intern(name('a.example.'), 0);
  const among = Buffer.concat([Buffer.from('xx'), name('A.example.')]);
  expect([records.findName(among, 2), records.findName(name('b.example.'), 0)]).toEqual([id, -1]);
});

test.each([16, 32, 64, 128, 256])('%i slots hold every name once, where its hash leads', (count) => {
  const records = new Records(ROOT); // Which has 128 of its own.
  for (let i = 1; i < 8; i++) records.intern(name(`n${i}.`), 0);
  const slots = records.slots(count);
  expect(slots).toHaveLength(count);
  expect([...slots].filter((held) => held !== 0)).toHaveLength(records.nameCount);
  for (let id = 0; id < records.nameCount; id++) {
    let slot = (records.nameHash[id] as number) & (count - 1);
    while (slots[slot] !== id + 1 && slots[slot] !== 0) slot = (slot + 1) & (count - 1);
    expect(slots[slot]).toBe(id + 1);
  }
});

test('rows come back as they were put, past every size the columns were made for', () => {
  const records = new Records(ROOT, 0);
  for (let i = 0; i < 5_000; i++) {
    const owner = records.intern(name(`n${i}.example.`), 0);
    records.add(owner, i & 0xffff, i * 3, Buffer.from(`data ${i}`), i, i % 3);
  }
  expect([records.count, records.nameCount]).toEqual([5_000, 5_001]);
  for (let i = 0; i < 5_000; i++) {
    expect(nameText(records.name(records.owner[i] as number))).toBe(`n${i}.example.`);
    expect(Buffer.from(records.rdata(i)).toString()).toBe(`data ${i}`);
    expect([records.ttl[i], records.line[i], records.file[i]]).toEqual([i * 3, i, i % 3]);
  }
});

test('the longest RDATA fits', () => {
  const records = new Records(ROOT);
  records.add(0, 16, 0, new Uint8Array(65_535).fill(7), 1, 0);
  expect(u16(records.rdataBytes, records.rdataAt[0] as number)).toBe(65_535);
  expect(records.rdata(0).every((byte) => byte === 7)).toBe(true);
});

test('ids are those of a map', () => {
  const label = fc.string({ minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(label, { maxLength: 300 }), (labels) => {
      const records = new Records(ROOT);
      const ids = new Map<string, number>([['.', 0]]);
      for (const text of labels) {
        const bytes = Buffer.from(text);
        const wire = Buffer.concat([Uint8Array.of(bytes.length), bytes, ROOT]);
        const key = nameText(ownName(wire));
        if (!ids.has(key)) ids.set(key, ids.size);
        expect(records.intern(wire, 0)).toBe(ids.get(key));
        expect(records.nameHash[ids.get(key) as number]).toBe(nameHash(wire));
      }
    }),
  );
});

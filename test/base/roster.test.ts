import { describe, expect, test } from 'vitest';
import { Gathering, Roster } from '../../src/base/roster.ts';

describe('a roster', () => {
  test('finds each by its key, whoever left before, in the order in which they came', () => {
    const roster = new Roster<string, number>();
    for (const [i, key] of ['a', 'b', 'c'].entries()) roster.set(key, i);
    roster.delete('a');
    roster.delete('a');
    roster.set('d', 3);
    roster.set('e', 4);
    roster.set('b', 10);
    expect([...roster]).toEqual([
      ['b', 10],
      ['c', 2],
      ['d', 3],
      ['e', 4],
    ]);
    expect(roster.get('a')).toBeUndefined();
    expect(roster.get('d')).toBe(3);
    expect(roster.size).toBe(4);
  });
});

describe('a gathering', () => {
  test('loses who leaves and nobody else, however often', () => {
    const gathering = new Gathering<{ seat: number }>();
    const [a, b, c] = [{ seat: 0 }, { seat: 0 }, { seat: 0 }];
    for (const each of [a, b, c]) gathering.add(each);
    gathering.remove(a);
    gathering.remove(a);
    expect(gathering.size).toBe(2);
    gathering.remove(c);
    gathering.remove(b);
    gathering.remove(b);
    expect(gathering.size).toBe(0);
  });
});

/** The file of what was learned, by itself; what a start makes of it is told in operation/learned. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { LEARNED_FILE_MS } from '../../src/base/limits.ts';
import { LearnedFile } from '../../src/control/learned-file.ts';
import type { WalkTerms } from '../../src/control/walk-terms.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from '../support/authority.ts';

const base = mkdtempSync(join(tmpdir(), 'cairn-learned-'));
afterAll(() => rmSync(base, { recursive: true }));

const terms = { rootHints: [{ name: name('a.root'), addresses: ['192.0.2.1'] }], minimise: 'relaxed' };
const FACTS = Uint8Array.from({ length: 300 }, (_, i) => i);
const world = new VirtualWorld();
let wallMs = 1_700_000_000_000;
world.wallMs = () => wallMs;

let path: string;
let folder: string;
const file = (of: object = terms): LearnedFile => new LearnedFile(path, of as WalkTerms, world);

beforeEach(() => {
  folder = mkdtempSync(join(base, 'each-'));
  path = join(folder, 'learned');
});

test('what is written is taken once', () => {
  expect(file().take()).toBeUndefined();
  expect(file().write([FACTS.subarray(0, 100), FACTS.subarray(100)])).toBe(300);
  wallMs += 5_000;
  const taken = file({ ...terms }).take();
  expect(taken).toMatchObject({ awayMs: 5_000 });
  expect([...(taken as { bytes: Uint8Array }).bytes]).toEqual([...FACTS]);
  expect(file().take()).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('what it took to write it is time that passed', () => {
  file().write(
    (function* () {
      yield FACTS;
      wallMs += 3_000;
    })(),
  );
  expect(file().take()).toMatchObject({ awayMs: 3_000 });
});

test('it is replaced as a whole, and what an attempt left behind is no obstacle', () => {
  file().write([FACTS]);
  writeFileSync(`${path}.new`, 'half');
  expect(file().write([FACTS.subarray(0, 10)])).toBe(10);
  expect(readdirSync(folder)).toEqual(['learned']);
  expect(file().take()).toMatchObject({ bytes: { length: 10 } });
});

test('with any byte changed, or any length cut off, it is not believed', () => {
  file().write([FACTS]);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 0x55;
    writeFileSync(path, changed);
    expect(file().take(), `byte ${at}`).toBe(at < 4 ? 'another kind of file' : 'damaged');
    rmSync(path, { force: true });
    writeFileSync(path, whole.subarray(0, at));
    expect(file().take(), `length ${at}`).toBe(at < 4 ? 'another kind of file' : 'damaged');
    rmSync(path, { force: true });
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.of(0)]));
  expect(file().take()).toBe('damaged');
});

test('what was learned with other terms, or is said to come from the future, is not believed', () => {
  file().write([FACTS]);
  expect(file({ ...terms, minimise: 'strict' }).take()).toBe('of another version, or other settings');
  file().write([FACTS]);
  wallMs -= 1;
  expect(file().take()).toBe('written at a time that has not come yet');
});

test('what others could have written is not believed', () => {
  file().write([FACTS]);
  chmodSync(path, 0o620);
  expect(file().take()).toBe('writable by others than its owner');
  chmodSync(path, 0o600);
  const other = join(folder, 'other');
  symlinkSync(path, other);
  expect(new LearnedFile(other, terms as unknown as WalkTerms, world).take()).toMatch(/^ELOOP/);
  expect(new LearnedFile(folder, terms as unknown as WalkTerms, world).take()).toBe('no plain file');
});

test('writing takes its time and no longer: what was written by then is kept', () => {
  let nowMs = 0;
  world.nowMs = () => nowMs;
  function* slowly(): Generator<Uint8Array> {
    for (let i = 0; i < 10; i++) {
      yield FACTS;
      nowMs += LEARNED_FILE_MS / 4;
    }
  }
  expect(file().write(slowly())).toBe(5 * 300);
  expect(file().take()).toMatchObject({ bytes: { length: 1_500 } });
});

test('where it cannot be written, the old one stays', () => {
  file().write([FACTS]);
  const failing = (function* (): Generator<Uint8Array> {
    yield FACTS;
    throw new Error('no more');
  })();
  expect(() => file().write(failing)).toThrow('no more');
  expect(readdirSync(folder)).toEqual(['learned']);
  expect(file().take()).toMatchObject({ bytes: { length: 300 } });
});

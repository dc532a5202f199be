import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realWorld } from '../../src/base/world.ts';
import {
  jsonLine,
  type Log,
  type LogSettings,
  logComplaints,
  openLog,
  textLine,
} from '../../src/control/log.ts';

const settings: LogSettings = { level: 'info', format: 'json', queries: false };
let folder: string;
let fd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-log-'));
  fd = openSync(join(folder, 'log'), 'w');
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

async function lines(log: Log): Promise<string[]> {
  await log.flush(realWorld, 1_000);
  return readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(0, -1);
}

test('an event is one JSON line with level, time and message', async () => {
  const log = openLog(settings, false, fd);
  log.logger.info({ zones: 3 }, 'started');
  const [line, ...more] = await lines(log);
  expect(JSON.parse(line ?? '')).toEqual({
    level: 'info',
    time: expect.any(String),
    zones: 3,
    msg: 'started',
  });
  expect(more).toEqual([]);
});

test.each([
  ['text', false, 'text'],
  ['json', true, 'json'],
  ['auto', true, 'text'],
  ['auto', false, 'json'],
] as const)('format %s with a terminal %s writes %s', async (format, terminal, written) => {
  const log = openLog({ ...settings, format }, terminal, fd);
  log.logger.warn('hello');
  const [line = ''] = await lines(log);
  expect(line.startsWith('{') ? 'json' : 'text').toBe(written);
});

test('level and format change while the server runs', async () => {
  const log = openLog(settings, false, fd);
  log.logger.debug('unseen');
  log.reconfigure({ level: 'debug', format: 'text', queries: false });
  log.logger.debug('seen');
  expect(await lines(log)).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} debug seen$/)]);
});

test('a line of text shows the fields behind the message', () => {
  const line = JSON.stringify({
    level: 'info',
    time: '2026-01-02T03:04:05.678Z',
    addresses: ['127.0.0.1:53', '[::1]:53'],
    zones: 2,
    why: 'two words',
    msg: 'started',
  });
  const expected = '03:04:05.678 info  started addresses=127.0.0.1:53,[::1]:53 zones=2 why="two words"\n';
  expect(textLine(line)).toBe(expected);
});

test('control characters of a stranger forge neither a line nor a colour', () => {
  const forged = 'a\nb\u001b[31m\u007f\u009b31m';
  const line = JSON.stringify({ level: 'info', name: forged, msg: forged });
  for (const written of [textLine(line), `${jsonLine(line)}\n`]) {
    expect(written.slice(0, -1)).not.toMatch(/\p{Cc}/u);
    expect(written.endsWith('\n')).toBe(true);
  }
});

test('every complaint is a line of its own, with its place', async () => {
  const log = openLog({ ...settings, format: 'text' }, false, fd);
  logComplaints(log.logger, [
    { file: 'a.zone', line: 3, column: 5, severity: 'error', text: 'no such type' },
    { file: 'a.zone', line: 0, column: 0, severity: 'warning', text: 'no NS' },
  ]);
  const told = (await lines(log)).map((line) => line.slice(13));
  expect(told).toEqual(['error no such type file=a.zone line=3 column=5', 'warn  no NS file=a.zone']);
});

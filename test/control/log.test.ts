import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { LOG_BYTES_MAX } from '../../src/base/limits.ts';
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

let written: string;
let out: PassThrough;

beforeEach(() => {
  written = '';
  out = new PassThrough();
  out.on('data', (chunk: Buffer) => {
    written += chunk;
  });
});

async function lines(log: Log): Promise<string[]> {
  await log.flush(realWorld, 1_000);
  return written.split('\n').slice(0, -1);
}

test('an event is one JSON line with level, time and message', async () => {
  const log = openLog(settings, out, false);
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
  const log = openLog({ ...settings, format }, out, terminal);
  log.logger.warn('hello');
  const [line = ''] = await lines(log);
  expect(line.startsWith('{') ? 'json' : 'text').toBe(written);
});

test('level and format change while the server runs', async () => {
  const log = openLog(settings, out, false);
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
  const log = openLog({ ...settings, format: 'text' }, out, false);
  logComplaints(log.logger, [
    { file: 'a.zone', line: 3, column: 5, severity: 'error', text: 'no such type' },
    { file: 'a.zone', line: 0, column: 0, severity: 'warning', text: 'no NS' },
  ]);
  const told = (await lines(log)).map((line) => line.slice(13));
  expect(told).toEqual(['error no such type file=a.zone line=3 column=5', 'warn  no NS file=a.zone']);
});

test('lines that nobody takes are dropped and counted, and the server does not wait for them', async () => {
  const stuck = new PassThrough({ highWaterMark: 1 });
  const log = openLog(settings, stuck, false);
  const line = 'x'.repeat(64 * 1024);
  for (let i = 0; i < LOG_BYTES_MAX / line.length + 10; i++) log.logger.info(`${i} ${line}`);
  expect(stuck.writableLength).toBeLessThan(LOG_BYTES_MAX + 2 * line.length);
  await log.flush({ ...realWorld, after: (_ms, call) => realWorld.after(0, call) }, 1_000);
  let told = '';
  for await (const chunk of stuck) {
    told = String(chunk);
    if (told.includes('dropped')) break;
  }
  expect(JSON.parse(told)).toMatchObject({
    level: 'warn',
    msg: 'log lines were dropped',
    count: expect.any(Number),
  });
});

test('a reader that goes away is no error of ours', async () => {
  const log = openLog(settings, out, false);
  out.destroy(new Error('EPIPE'));
  log.logger.info('unheard');
  await log.flush(realWorld, 1_000);
});

import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { LOG_LINES_PER_SECOND_MAX, LOG_MESSAGES_MAX } from '../../src/base/limits.ts';
import { Flood } from '../../src/control/flood.ts';
import { type Log, logComplaints, openLog } from '../../src/control/log.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

let world: VirtualWorld;
let log: Log;
let text: string;
beforeEach(() => {
  world = new VirtualWorld();
  text = '';
  const out = new PassThrough();
  out.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  log = openLog({ level: 'info', format: 'json', queries: false }, out, false, world);
});

const lines = (): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('of one message a few lines are told in a second; how many more there were, with the next', async () => {
  for (let i = 0; i < 1_000; i++) log.logger.warn({ i }, 'a stranger did it');
  await world.pass(1);
  expect(lines().map(({ i }) => i)).toEqual(Array.from({ length: LOG_LINES_PER_SECOND_MAX }, (_, i) => i));
  text = '';
  await world.pass(1_000);
  log.logger.info('something else');
  await world.pass(1);
  expect(lines().map(({ msg, held }) => [msg, held])).toEqual([
    ['something else', undefined],
    ['log lines were held back', ['990 × a stranger did it']],
  ]);
  text = '';
  log.logger.warn({ i: 1_000 }, 'a stranger did it');
  await world.pass(1);
  expect(lines()).toHaveLength(1);
});

test('every complaint is told, though many say the same', async () => {
  const at = (line: number) =>
    ({ file: 'a.zone', line, column: 1, severity: 'error', text: 'expected a TTL' }) as const;
  logComplaints(
    log.logger,
    Array.from({ length: 500 }, (_, i) => at(i + 1)),
  );
  await world.pass(1);
  expect(lines()).toHaveLength(500);
});

test('queries are as many lines as were asked for', async () => {
  for (let i = 0; i < 100; i++) log.logger.info({ name: `x${i}.` }, 'query');
  await world.pass(1);
  expect(lines()).toHaveLength(100);
});

test('what differs each time does not grow the memory; what was forgotten counts from the start', () => {
  const flood = new Flood(world);
  for (let i = 0; i < LOG_LINES_PER_SECOND_MAX; i++) flood.admits(['old']);
  expect(flood.admits(['old'])).toBe(false);
  for (let i = 0; i < LOG_MESSAGES_MAX; i++) flood.admits([`new ${i}`]);
  expect(flood.admits(['old'])).toBe(true);
});

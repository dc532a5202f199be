import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { Signals } from '../../src/control/signals.ts';

test.each(['SIGTERM', 'SIGINT'])('%s is to stop, and a second one to stop now', async (signal) => {
  const system = new EventEmitter();
  const signals = new Signals(system);
  const heard: string[] = [];
  void signals.stop.then(() => heard.push('stop'));
  void signals.stopNow.then(() => heard.push('now'));
  system.emit(signal);
  await signals.stop;
  expect(heard).toEqual(['stop']);
  system.emit('SIGTERM');
  await signals.stopNow;
  expect(heard).toEqual(['stop', 'now']);
});

test('a reload asked for during the start is made up for, once', () => {
  const system = new EventEmitter();
  const signals = new Signals(system);
  system.emit('SIGHUP');
  system.emit('SIGHUP');
  let reloads = 0;
  signals.onReload(() => reloads++);
  expect(reloads).toBe(1);
  system.emit('SIGHUP');
  expect(reloads).toBe(2);
});

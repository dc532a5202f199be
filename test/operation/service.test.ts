import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { hasCommand, hasSystemd, Systemd } from '../control/systemd.ts';
import { CAIRN, folderOf, ServerProcess, zoneText } from './server.ts';

const docs = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

test.runIf(hasSystemd)('systemd hears of start, life, reload and end', async () => {
  const files = folderOf({ 'example.com.zone': zoneText('192.0.2.1') });
  const systemd = await Systemd.listen();
  const env = { ...systemd.env, WATCHDOG_USEC: '200000' };
  const server = new ServerProcess(['--listen', '127.0.0.1:0', '--zones', files.path('')], 'loopback', env);
  closing.push(
    () => server.stop('SIGKILL'),
    () => systemd.close(),
    () => files.remove(),
  );
  expect(await systemd.heard('READY')).toBe('READY=1 STATUS=zones: 1, records: 4');
  await systemd.heard('WATCHDOG=1');
  const seen = systemd.messages.length;
  server.child.kill('SIGHUP');
  expect(await systemd.heard('RELOADING', seen)).toMatch(/^RELOADING=1 MONOTONIC_USEC=\d+$/);
  await systemd.heard('READY', seen);
  expect(await server.stop()).toBe(0);
  await systemd.heard('STOPPING=1');
});

test.runIf(hasCommand('systemd-analyze'))('the unit is one that systemd understands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-unit-'));
  const unit = docs('systemd/cairn.service').replace(/^ExecStart=\S+/m, `ExecStart=${CAIRN}`);
  writeFileSync(join(folder, 'cairn.service'), unit);
  const verified = spawnSync('systemd-analyze', ['verify', join(folder, 'cairn.service')], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  expect(verified.stderr).toBe('');
  expect(verified.status).toBe(0);
});

test('what the Dockerfile copies is there, and is let into the build', () => {
  const copied = [...docs('docker/Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
    ([, paths = '']) => paths.split(' '),
  );
  const allowed = docs('docker/Dockerfile.dockerignore');
  expect(copied).toContain('src');
  for (const path of copied) {
    expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
    expect(allowed).toContain(`!${path}\n`);
  }
});

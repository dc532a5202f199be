/**
 * .ci/run counts what a scripted `npm` tells it, and does not believe a run that crashed, or left a process
 * behind.
 */
import { execSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cairn-ci-'));
  cpSync('.ci/run', join(home, '.ci/run'));
});
afterEach(() => rmSync(home, { recursive: true }));

/** Runs .ci/run with an `npm` that answers `npm test` and `npm run types` with shell commands. */
function ci(npmTest: string, types = 'true') {
  const npm = `#!/bin/sh\ncase "$*" in test) ${npmTest} ;; *types) ${types} ;; esac\n`;
  writeFileSync(join(home, 'npm'), npm);
  chmodSync(join(home, 'npm'), 0o755);
  const run = spawnSync(join(home, '.ci/run'), ['--no-install'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${home}:${process.env.PATH}` },
  });
  return { code: run.status, last: run.stdout.trimEnd().split('\n').at(-1) };
}

const summary = (tests: string): string => `echo ' Test Files  9 passed (9)'; echo '      Tests  ${tests}'`;

test.each([
  ['all is well', summary('86 passed (86)'), '89 passed, 0 failed', 0],
  ['some are skipped', summary('80 passed | 6 skipped (86)'), '83 passed, 0 failed', 0],
  ['some fail', `${summary('7 failed | 79 passed (86)')}; exit 1`, '82 passed, 7 failed', 1],
  ['all fail', `${summary('7 failed (7)')}; exit 1`, '3 passed, 7 failed', 1],
  ['a test file does not load', `${summary('80 passed (80)')}; exit 1`, '83 passed, 1 failed', 1],
  ['the run dies before it counts', 'kill -SEGV $$', '3 passed, 1 failed', 1],
])('when %s', (_, npmTest, last, code) => expect(ci(npmTest)).toEqual({ code, last }));

test('types count as a check', () => {
  expect(ci(summary('1 passed (1)'), 'false')).toEqual({ code: 1, last: '3 passed, 1 failed' });
});

test('a process left behind is a failure, and is ended', () => {
  const child = join(home, 'child');
  const left = `sleep 60 & echo $! > ${child}; ${summary('1 passed (1)')}`;
  expect(ci(left)).toEqual({ code: 1, last: '3 passed, 1 failed' });
  const state = `sed 's/.*) //' /proc/$(cat ${child})/stat 2>/dev/null || echo gone`;
  expect(execSync(state, { encoding: 'utf8' })).toMatch(/^(Z|gone)/);
});

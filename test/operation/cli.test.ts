import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CAIRN } from './server.ts';

function cairn(...words: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(CAIRN, words, {
    encoding: 'utf8',
    env: { ...process.env, LANG: 'de_DE.UTF-8' },
  });
  return { code: status, out: stdout, err: stderr };
}

test('--help names the commands, and each command its flags', () => {
  const top = cairn('--help');
  expect(top.code).toBe(0);
  for (const command of ['serve', 'check', 'query', 'explain', 'ctl', 'playground'])
    expect(top.out).toContain(`cairn ${command}`);
  const serve = cairn('serve', '--help');
  expect(serve.code).toBe(0);
  const flags = ['config', 'listen', 'zones', 'zone', 'no-recursion', 'root-hints', 'check-only'];
  for (const flag of flags) expect(serve.out).toContain(`--${flag} `);
});

test('--version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(cairn('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test.each([
  [[], 'expected a command: serve, check, query, explain, ctl or playground'],
  [['srve'], 'there is no command srve; did you mean serve?'],
  [['serve', '--lisen', 'x'], 'there is no --lisen; did you mean --listen?'],
  [['serve', '--xyzzy'], 'there is no --xyzzy'],
  [['serve', 'extra'], 'what is extra?'],
  [['serve', '--config'], '--config: expected a value after it'],
  [['serve', '--config', 'a', '--config', 'b'], '--config is given more than once'],
  [['serve', '--check-only=no'], '--check-only takes no value'],
  [['check', '--schem'], 'there is no --schem; did you mean --schema?'],
])('%j is told: %s', (words, complaint) => {
  const { code, out, err } = cairn(...words);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toContain(complaint);
  expect(err).toContain('--help');
});

test('query and playground read their own words', () => {
  expect(cairn('query', '-h').out).toContain('cairn query [@server]');
  expect(cairn('playground', '--help').out).toContain('cairn playground');
});

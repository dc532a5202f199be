import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dropPrivileges, type Ids } from '../../src/control/privileges.ts';

/** A system with root and `dns` (53:54), where each right is lost as on a real one. */
function system(uid = 0, regains = false): Ids & { log: string[]; uid: number } {
  const ids = {
    log: [] as string[],
    uid,
    getuid: () => ids.uid,
    setuid: (id: number) => {
      if (ids.uid !== 0 && !regains) throw new Error('EPERM');
      ids.log.push(`setuid ${id}`);
      ids.uid = id;
    },
    setgid: (id: number | string) => {
      if (ids.uid !== 0) throw new Error('EPERM');
      if (id === 'nobodys') throw new Error('no such group');
      ids.log.push(`setgid ${id}`);
    },
    initgroups: (user: number, group: number | string) => void ids.log.push(`initgroups ${user} ${group}`),
    setgroups: (groups: readonly (number | string)[]) => void ids.log.push(`setgroups ${groups}`),
    makeCodeFolder: (of: number) => void ids.log.push(`code folder ${of}`),
    lookup: (what: 'u' | 'g', user: string) =>
      user === 'dns' || user === '53' ? (what === 'u' ? 53 : 54) : user === 'root' ? 0 : undefined,
  };
  return ids;
}

test.each([
  ['a name', 'dns', undefined, ['code folder 53', 'initgroups 53 54', 'setgid 54', 'setuid 53']],
  [
    'a number of a known user',
    '53',
    undefined,
    ['code folder 53', 'initgroups 53 54', 'setgid 54', 'setuid 53'],
  ],
  ['a group by name', 'dns', 'bind', ['code folder 53', 'initgroups 53 bind', 'setgid bind', 'setuid 53']],
  ['a group by number', 'dns', '99', ['code folder 53', 'initgroups 53 99', 'setgid 99', 'setuid 53']],
  [
    'a number without an entry',
    '1234',
    '99',
    ['code folder 1234', 'setgroups 99', 'setgid 99', 'setuid 1234'],
  ],
  ['nobody to become', undefined, undefined, []],
  ['root itself', 'root', undefined, []],
])('with %s: a folder, groups, group, user, in this order', (_, user, group, steps) => {
  const ids = system();
  expect(dropPrivileges({ user, group }, ids)).toBeUndefined();
  expect(ids.log).toEqual(steps);
});

test('who is that user already has nothing to do', () => {
  expect(dropPrivileges({ user: 'dns', group: undefined }, system(53))).toBeUndefined();
});

test.each([
  ['an unknown user', 'ghost', undefined, 0, 'there is no user ghost'],
  ['a group without user', undefined, 'dns', 0, 'no user to become'],
  ['a number without group', '1234', undefined, 0, 'set group as well'],
  ['an unknown group', 'dns', 'nobodys', 0, 'could not become dns:nobodys: no such group'],
  ['somebody else than root', 'dns', undefined, 1000, 'only root can become user dns'],
])('%s is told in a sentence', (_, user, group, uid, words) => {
  expect(dropPrivileges({ user, group }, system(uid))).toContain(words);
});

test('a system that gives root back is not trusted', () => {
  expect(dropPrivileges({ user: 'dns', group: undefined }, system(0, true))).toContain(
    'root can be had back',
  );
});

test.runIf(process.getuid?.() === 0)(
  'every thread of a real process is nobody afterwards, without any capability',
  () => {
    const script = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { dropPrivileges } from './src/control/privileges.ts';
    const wrong = dropPrivileges({ user: 'nobody', group: undefined });
    const lines = readdirSync('/proc/self/task').map((task) =>
      readFileSync('/proc/self/task/' + task + '/status', 'utf8')
        .match(/^(Uid|Gid|Groups|CapEff|CapPrm):.*$/gm));
    console.log(JSON.stringify({ wrong, lines }));`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const { wrong, lines } = JSON.parse(out) as { wrong?: string; lines: string[][] };
    expect(wrong).toBeUndefined();
    expect(lines.length).toBeGreaterThan(1);
    for (const task of lines) {
      expect(task.join('\n')).not.toMatch(/[UG]id:.*\s0(\s|$)|Groups:.*\s0(\s|$)|Cap...:.*[1-9a-f]/);
    }
  },
);

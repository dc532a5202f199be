import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkAll, runCheck } from '../../src/tools/check.ts';
import { folderOf, zoneText } from '../operation/server.ts';

let files: ReturnType<typeof folderOf>;
let printed: string;
const io = {
  out: (text: string): void => {
    printed += text;
  },
};
const nothing = { files: [], config: undefined, zones: undefined, schema: false };

beforeEach(() => {
  files = folderOf({
    'good.example.zone': zoneText('192.0.2.1'),
    'bad.example.zone': `${zoneText('192.0.2.1')}bad A x\nworse MX y\n`,
    'odd.example.zone': `${zoneText('192.0.2.1')}www 300 A 192.0.2.2\n`,
    unnamed: zoneText('192.0.2.1'),
    'cairn.yaml': 'lisen: x\ngrace: soon\n',
    'good.yaml': 'zone: { good.example: good.example.zone }\n',
  });
  printed = '';
});
afterEach(() => files.remove());

const lines = (): string[] =>
  printed.replaceAll(files.path(''), '').replaceAll('/', '').split('\n').slice(0, -1);

test('a good zone is one line, and 0', async () => {
  expect(await runCheck({ ...nothing, files: [files.path('good.example.zone')] }, io)).toBe(0);
  expect(lines()).toEqual(['1 zone, 4 records: 0 errors, 0 warnings']);
});

test('every error is told as compilers do, and the code is 1', async () => {
  expect(await runCheck({ ...nothing, files: [files.path('bad.example.zone')] }, io)).toBe(1);
  expect(lines()).toEqual([
    expect.stringMatching(/^bad\.example\.zone:6:\d+: error: expected /),
    expect.stringMatching(/^bad\.example\.zone:7:\d+: error: expected /),
    '1 zone: 2 errors, 0 warnings',
  ]);
});

test('warnings alone are no failure', async () => {
  expect(await runCheck({ ...nothing, files: [files.path('odd.example.zone')] }, io)).toBe(0);
  expect(lines().at(-1)).toBe('1 zone, 5 records: 0 errors, 1 warning');
});

test('a file whose name does not say its zone is given as NAME=FILE', async () => {
  expect(await runCheck({ ...nothing, files: [`a.example=${files.path('unnamed')}`] }, io)).toBe(0);
  expect(await runCheck({ ...nothing, files: [files.path('unnamed')] }, io)).toBe(1);
  expect(lines().slice(1)).toEqual([
    'unnamed: error: expected a file named NAME.zone, or NAME=FILE, to know which zone it is',
    '0 zones: 1 error, 0 warnings',
  ]);
});

test('settings are checked with the zones they name', async () => {
  expect(await runCheck({ ...nothing, config: files.path('good.yaml') }, io)).toBe(0);
  expect(await runCheck({ ...nothing, files: [files.path('cairn.yaml')] }, io)).toBe(1);
  expect(lines()).toEqual([
    '1 zone, 4 records: 0 errors, 0 warnings',
    'cairn.yaml:1:1: error: lisen: no such key; did you mean listen?',
    expect.stringMatching(/^cairn\.yaml:2:8: error: grace: expected a time /),
    '0 zones: 2 errors, 0 warnings',
  ]);
});

test('a folder of zones is checked whole', async () => {
  const flags = { config: files.path('good.yaml'), zones: files.path('') };
  expect(await runCheck({ ...nothing, ...flags }, io)).toBe(1);
  // The good zone is named by the settings, too.
  expect(lines().filter((line) => line.includes('error: '))).toHaveLength(3);
  expect(lines().at(-1)).toBe('4 zones: 3 errors, 1 warning');
});

test('serve --check-only reads what serve would', async () => {
  expect(await checkAll({ config: files.path('good.yaml'), rootHints: files.path('none') }, io)).toBe(1);
  expect(lines()[0]).toMatch(/^none: error: expected a file of root hints that can be read/);
});

test('lists of rules are read with the settings that name them', async () => {
  files.write('ads.txt', 'ads.example\n');
  files.write(
    'rules.yaml',
    'recursion:\n  rules: [{ file: ads.txt }, { records: [printer.lan A 10.0.0.7] }]\n',
  );
  expect(await runCheck({ ...nothing, files: [files.path('rules.yaml')] }, io)).toBe(0);
  files.write('ads.txt', 'no name\n');
  expect(await runCheck({ ...nothing, files: [files.path('rules.yaml')] }, io)).toBe(1);
  expect(lines()).toEqual([
    '0 zones, 0 records, 2 rules: 0 errors, 0 warnings',
    expect.stringMatching(/^ads\.txt:1:1: error: expected a domain name /),
    '0 zones: 1 error, 0 warnings',
  ]);
});

test('--schema is a JSON Schema', async () => {
  expect(await runCheck({ ...nothing, schema: true }, io)).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ type: 'object', additionalProperties: false });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configure } from '../../src/control/config.ts';
import { readAll } from '../../src/control/load.ts';
import type { Settings } from '../../src/control/settings.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { complaintText } from '../../src/zone/complaint.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-pool-checks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = '$TTL 60\n@ SOA ns host 1 2 1 9 1\n@ NS ns\nns A 192.0.2.1\n';

async function settings(yaml: string): Promise<Settings> {
  const file = join(folder, 'cairn.yaml');
  writeFileSync(file, `zone: { z.test: z.zone }\nrecursion: { enabled: false }\n${yaml}`);
  const { settings, complaints } = await configure({ config: file });
  if (settings === undefined) throw new Error(complaints.map(complaintText).join('\n'));
  return settings;
}

const zone = (pools: string): void => writeFileSync(join(folder, 'z.zone'), `${HEAD}${pools}\n`);
const told = (complaints: Parameters<typeof complaintText>[0][]): string[] =>
  complaints.map((each) => complaintText(each).replace(`${folder}/`, ''));

async function complaints(yaml: string, pools: string): Promise<string[]> {
  zone(pools);
  return told([...(await readAll(await settings(yaml))).complaints]);
}

test('checks that are not there keep a zone from being loaded', async () => {
  zone('www POOL 10.0.0.1 check=wbe\nwww POOL 10.0.0.2 check=wbe,web,pg');
  const read = readAll(await settings('checks: { web: { tcp: { port: 80 } } }'));
  expect(told([...(await read).complaints])).toEqual([
    'z.zone:5: error: no check is called wbe: expected one that the settings have; did you mean web?',
    'z.zone:6: error: no check is called pg: expected one that the settings have',
    'z.zone:6: error: no check is called wbe: expected one that the settings have; did you mean web?',
  ]);
  expect((await read).loadout).toBeUndefined();
});

test('a zone whose check is gone from the settings is not served on', async () => {
  zone('www POOL 10.0.0.1 check=web');
  const { loadout } = await readAll(await settings('checks: { web: { tcp: { port: 80 } } }'));
  const { zones = [], catalog = new Catalog([]) } = loadout ?? {};
  const origins = new Map(zones.map(({ image, origin }) => [image.apexText, origin]));
  const served = { catalog, origins, rules: [], localRoot: undefined, places: undefined };
  const { complaints } = await readAll(await settings(''), served);
  expect(told([...complaints])).toEqual([
    'z.zone:5: error: no check is called web: expected one that the settings have',
  ]);
});

test('who is not probed is told, with what could be done [LIMITS G7]', async () => {
  expect(
    await complaints(
      'checks: { web: { tcp: { port: 80 } }, any: { tcp: {} }, told: { external: {} } }',
      [
        'www POOL 127.0.0.1 check=web',
        'www POOL ::ffff:127.0.0.1 check=web,told',
        'meta POOL 169.254.169.254 check=web',
        'any POOL 10.0.0.1 port=80 check=any',
        'any POOL 10.0.0.1 check=any',
        'told POOL 127.0.0.1 check=told',
        'host POOL h.example. port=80 check=any,web',
        'any POOL i.example. check=any',
      ].join('\n'),
    ),
  ).toEqual([
    'z.zone: warning: any.z.test. POOL 10.0.0.1: not probed by any (neither says at which ' +
      'port), and up all the time; so it is with 1 more',
    'z.zone: warning: meta.z.test. POOL 169.254.169.254: not probed by web (link-local), and ' +
      'up all the time, unless probes.allow has its network',
    'z.zone: warning: www.z.test. POOL 127.0.0.1: not probed by web (loopback), and up all ' +
      'the time, unless probes.allow has its network; so it is with 1 more',
  ]);
});

test('whom the operator names is probed', async () => {
  const yaml = 'checks: { web: { tcp: { port: 80 } } }\nprobes: { allow: [127.0.0.0/8] }';
  expect(await complaints(yaml, 'www POOL 127.0.0.1 check=web')).toEqual([]);
});

test('a zone that was changed and not compiled anew is looked at as it is now', async () => {
  zone('www POOL 10.0.0.1 check=web\nold POOL 10.0.0.1 check=web');
  const yaml = 'checks: { web: { tcp: { port: 80 } } }';
  const first = await readAll(await settings(yaml));
  const { loadout } = first;
  if (loadout === undefined) throw new Error(told([...first.complaints]).join('\n'));
  const origins = new Map(loadout.zones.map(({ image, origin }) => [image.apexText, origin]));
  const served = { catalog: new Catalog(loadout.zones.map(({ image }) => image)), origins, rules: [] };
  zone('www POOL 10.0.0.1 check=web weight=2\nnew POOL 127.0.0.1 check=web\nold POOL 10.0.0.1 check=web');
  const again = await readAll(await settings(yaml), { ...served, localRoot: undefined, places: undefined });
  expect(told([...again.complaints]).filter((text) => text.includes('POOL'))).toEqual([
    expect.stringContaining('warning: new.z.test. POOL 127.0.0.1: not probed by web'),
  ]);
});

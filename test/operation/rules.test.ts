/**
 * Rules as an operator has them: in a server that is asked over sockets, and edited while it runs.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ede } from '../../src/wire/codes.ts';
import { readMessage } from '../../src/wire/message.ts';
import { lines, queryFor } from '../support/authority.ts';
import { Internet } from './internet.ts';
import { connected, folderOf, ServerProcess } from './server.ts';
import { Watched } from './watched.ts';

const ROOT = '127.56.0.1';
const internet = new Internet([
  {
    address: ROOT,
    zones: {
      '.': [
        '@ 60 SOA a.root. host.root. 1 3600 600 86400 30\n@ 3600 NS a.root.',
        `a.root. 3600 A ${ROOT}\nwww.shop. 300 A 192.0.2.1\nalias.net. 300 CNAME ads.shop.`,
        'evil.net. 300 A 192.168.0.1\n',
      ].join('\n'),
    },
  },
]);

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  await internet.open();
  files = folderOf({
    hints: `. 3600 NS a.root.\na.root. 3600 A ${ROOT}\n`,
    'ads.txt': 'ads.shop\n',
    'policy.rpz': '@ 60 SOA ns h 1 1 1 1 60\nhush.shop 60 CNAME rpz-drop.\n',
  });
  const rules = [
    { name: 'lan', records: ['printer.lan 60 A 10.0.0.7'] },
    { file: 'ads.txt' },
    { file: 'policy.rpz', format: 'rpz' },
  ];
  const walk = { rootHints: 'hints', neverQuery: [], upstreamPort: internet.port };
  const recursion = { ...walk, rules, rebinding: { enabled: true } };
  const settings = { listen: ['127.0.0.1:0'], http: { listen: '127.0.0.1:0' }, recursion };
  files.write('cairn.yaml', JSON.stringify(settings));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  port = await server.port();
});

afterAll(async () => {
  await server.stop();
  await internet.close();
  files.remove();
});

/** The response, and the code and text of its Extended DNS Error (RFC 8914 §2). */
async function ask(question: string): Promise<string[]> {
  const socket = await connected(port);
  const response = await new Promise<Uint8Array>((resolve) => {
    socket.on('message', resolve);
    socket.send(queryFor(question, { rd: true, udpSize: 1232 }));
  });
  socket.close();
  const message = readMessage(response);
  if (message === undefined) throw new Error('our own reader does not read this');
  const error = message.edns?.options.find(({ code }) => code === 15)?.value;
  const told = error === undefined ? [] : [`${error[1]} ${Buffer.from(error.subarray(2)).toString()}`];
  return [...lines(message), ...told];
}

const WWW = ['NOERROR ra', 'an www.shop. 300 IN A 192.0.2.1'];
const blocked = (name: string): string[] => [
  'NXDOMAIN ra',
  `ns ${name}. 60 IN SOA ${name}. nobody.invalid. 1 3600 1200 604800 60`,
  `${Ede.BLOCKED} by the list ads`,
];

test('a blocked name, one hidden behind an alias, and data of ours', async () => {
  expect(await ask('www.shop A')).toEqual(WWW);
  expect(await ask('x.ads.shop A')).toEqual(blocked('ads.shop'));
  expect(await ask('alias.net A')).toContain(`${Ede.BLOCKED} by the list ads`);
  expect(await ask('printer.lan A')).toEqual(['NOERROR ra', 'an printer.lan. 60 IN A 10.0.0.7']);
  expect(internet.heard.filter((line) => line.includes('ads.shop') || line.includes('lan.'))).toEqual([]);
});

test('an address of this network is left out of names of others', async () => {
  const [verdict, , error] = await ask('evil.net A');
  expect([verdict, error]).toEqual([
    'NOERROR ra',
    `${Ede.BLOCKED} an address of this network, in a name of others`,
  ]);
});

test('a list that changed counts at once, and takes nothing that was learned away', async () => {
  // What the fronts remember is of the rules before.
  expect((await ask('www.shop A'))[0]).toBe('NOERROR ra');
  const from = server.lines.length;
  files.write('ads.txt', 'ads.shop\nwww.shop\n');
  expect(await server.said('reloaded', from)).toMatchObject({ rules: 4 });
  const heard = internet.heard.length;
  expect(await ask('www.shop A')).toEqual(blocked('www.shop'));
  const then = server.lines.length;
  files.write('ads.txt', 'ads.shop\n');
  await server.said('reloaded', then);
  expect((await ask('www.shop A'))[1]).toMatch(/^an www\.shop\. \d+ IN A 192\.0\.2\.1$/);
  expect(internet.heard.length).toBe(heard);
});

test('of a list with mistakes all are told, and the rules of before stay', async () => {
  const from = server.lines.length;
  files.write('ads.txt', 'www.shop\nno name\n192.0.2.1\n');
  await server.said('reload refused', from);
  const told = server.lines.slice(from).filter(({ file }) => file === files.path('ads.txt'));
  expect(told.map(({ level, line, column }) => [level, line, column])).toEqual([
    ['error', 2, 1],
    ['error', 3, 1],
  ]);
  expect((await ask('www.shop A'))[0]).toBe('NOERROR ra');
  expect(await ask('ads.shop A')).toEqual(blocked('ads.shop'));
  const then = server.lines.length;
  files.write('ads.txt', 'ads.shop\n');
  await server.said('reloaded', then);
});

test('what lists have and did is told, silence too', async () => {
  const watched = new Watched(server);
  const [before, silenced] = [
    await watched.value('cairn_rule_answers_total{list="ads"}'),
    await watched.value('cairn_silenced_total'),
  ];
  await ask('ads.shop A');
  await ask('ads.shop TXT');
  const socket = await connected(port);
  socket.send(queryFor('hush.shop A', { rd: true }));
  await ask('printer.lan A');
  while ((await watched.value('cairn_silenced_total')) === silenced) await ask('printer.lan A');
  socket.close();
  expect(await watched.value('cairn_rule_answers_total{list="ads"}')).toBe(before + 2);
  expect(await watched.value('cairn_rule_answers_total{list="policy"}')).toBe(1);
  expect(await watched.value('cairn_rules{list="lan"}')).toBe(1);
});

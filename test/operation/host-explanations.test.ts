/** What `cairn explain` says of hosts that are members of pools: their addresses, or why there are none. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runExplain } from '../../src/tools/explain.ts';
import { type Machines, startMachines } from './machines.ts';
import { ask, folderOf, ServerProcess, short, zoneText } from './server.ts';

const zone = `${zoneText('192.0.2.9')}@ POOL www.shop.org.
two POOL www.shop.org. weight=1
two POOL www.lame.org. weight=1
two POOL 192.0.2.5 weight=1
nobody 3600 POOL nothing.shop.org.
`;

let files: ReturnType<typeof folderOf>;
let playground: Machines;
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  files = folderOf({ 'example.com.zone': zone });
  playground = await startMachines(files);
  const recursion = { ...playground.recursion, enabled: false };
  const control = { socket: 'control.sock' };
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', control, recursion }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  port = await server.port();
});

afterAll(async () => {
  await server.stop();
  await playground.close();
  files.remove();
});

async function told(...words: string[]): Promise<string> {
  let text = '';
  const io = { out: (more: string) => void (text += more), err: (more: string) => void (text += more) };
  expect(await runExplain([...words, '--socket', files.path('control.sock')], io)).toBe(0);
  return text.replaceAll(/ +/g, ' ');
}

test('the addresses that it has, and for how long', async () => {
  expect(short(await ask(port, 'example.com')).split(' ')).toHaveLength(2);
  const apex = await told('example.com');
  expect(apex).toMatch(
    /^ able www.shop.org\n www.shop.org has 198.18.1.1[01], 198.18.1.1[01], for \d+ s more$/m,
  );
  expect(apex).toContain('example.com A has 2 records.');
});

test('who has none now, and why', async () => {
  await expect
    .poll(() => told('two.example.com'))
    .toMatch(
      new RegExp(
        '^ not www.lame.org: it has addresses that are not known\n' +
          ' www.lame.org A: SERVFAIL: (failed shortly before: )?no server of lame.org answered: ' +
          '127.53.3.1 does not serve the zone; asked for [\\d.]+m?s ago, and again in [\\d.]+m?s\n',
        'm',
      ),
    );
  expect(await told('two.example.com', 'AAAA')).toContain('not 192.0.2.5: it has no IPv6 address\n');
  // For less than the zone says, until it may have one.
  expect(await told('nobody.example.com')).toMatch(
    /^ not nothing.shop.org: it has no IPv4 .*\n .*\n ttl \d+ seconds: .*\(3600 in the zone\)$/m,
  );
});

test('shares of hosts that are known, before and after a change', async () => {
  files.write('next', zone.replace('www.shop.org. weight=1', 'www.shop.org. weight=3'));
  const shares = await told('--shares', 'two.example.com', '--zone', files.path('next'));
  expect(shares).toMatch(/^ www.shop.org 3 0 unchecked (?:49|50|51).\d % 7[3-6].\d % \+2\d.\d$/m);
  expect(shares).toMatch(/^ www.lame.org 1 0 unchecked 0.0 % 0.0 % \+0.0$/m);
  expect(shares).toMatch(/\n\n www.lame.org has addresses that are not known: nobody goes there now\n$/);
});

test('shares without a server say of whom they cannot', async () => {
  const words = ['--shares', 'two.example.com', '--config', files.path('cairn.yaml')];
  const shares = await told(...words);
  expect(shares).toMatch(/^ www.shop.org 1 0 unchecked( 0.0 %)+$/m);
  expect(shares).toMatch(/^ 192.0.2.5 1 0 unchecked( 100.0 %)+$/m);
  expect(shares.split('\n\n')[2]).toBe(
    ' www.shop.org has addresses that are not known without a server: nobody goes there now\n' +
      ' www.lame.org has addresses that are not known without a server: nobody goes there now\n',
  );
});

/**
 * The server as an operator starts it, resolving names in a small internet over real sockets: what a client
 * sees, and what the internet hears of it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../src/transport/door.ts';
import { Ede } from '../../src/wire/codes.ts';
import { type Message, readMessage } from '../../src/wire/message.ts';
import { lines, queryFor } from '../support/authority.ts';
import { Internet } from './internet.ts';
import { connected, folderOf, ServerProcess, tcpExchange, zoneText } from './server.ts';

const ROOT = '127.54.0.1';
const REGISTRY = '127.54.0.2';
const HOSTING = '127.54.0.3';
const OTHER = '127.54.0.4';
const LAME = '127.54.0.5';

const soa = (ns: string): string => `@ 60 SOA ${ns} host.${ns} 1 3600 600 86400 30\n@ 3600 NS ${ns}\n`;

const internet = new Internet([
  {
    address: ROOT,
    zones: {
      '.': `${soa('a.root.')}a.root. 3600 A ${ROOT}\nnet. 3600 NS a.net.\na.net. 3600 A ${REGISTRY}\n`,
    },
  },
  {
    address: REGISTRY,
    zones: {
      net: [
        `${soa('a.net.')}a.net. 3600 A ${REGISTRY}`,
        `shop.net. 3600 NS ns.shop.net.\nns.shop.net. 3600 A ${HOSTING}`,
        `other.net. 3600 NS ns.other.net.\nns.other.net. 3600 A ${OTHER}`,
        'hosted.net. 3600 NS ns.other.net.',
        `lame.net. 3600 NS ns.lame.net.\nns.lame.net. 3600 A ${LAME}\n`,
      ].join('\n'),
    },
  },
  {
    address: HOSTING,
    zones: {
      'shop.net': [
        `${soa('ns')}ns 3600 A ${HOSTING}\nwww 300 A 192.0.2.1\nalias 200 CNAME www.other.net.`,
        ...Array.from({ length: 100 }, (_, i) => `big 300 A 198.51.100.${i}`),
        ...Array.from({ length: 20 }, (_, i) => `new${i} 300 A 192.0.2.${i}\n`),
      ].join('\n'),
    },
  },
  {
    address: OTHER,
    zones: {
      'other.net': `${soa('ns')}ns 3600 A ${OTHER}\nwww 300 A 192.0.2.2\n`,
      'hosted.net': `${soa('ns.other.net.')}www 300 A 192.0.2.3\n`,
    },
  },
  { address: LAME, zones: {} },
]);

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  await internet.open();
  files = folderOf({
    hints: `. 3600 NS a.root.\na.root. 3600 A ${ROOT}\n`,
    'ours.example.zone': `${zoneText('192.0.2.99')}away CNAME www.shop.net.\n`,
  });
  const recursion = { rootHints: 'hints', neverQuery: [], upstreamPort: internet.port };
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: files.path(''), recursion }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  port = await server.port();
});

afterAll(async () => {
  await server.stop();
  await internet.close();
  files.remove();
});

async function ask(question: string, via: Client['transport'] = 'udp'): Promise<Message> {
  const query = queryFor(question, { rd: true, udpSize: 1232 });
  const bytes = via === 'tcp' ? await tcpExchange(port, query) : await udpExchange(query);
  const message = readMessage(bytes);
  if (message === undefined) throw new Error('our own reader does not read this');
  return message;
}

async function udpExchange(query: Uint8Array): Promise<Uint8Array> {
  const socket = await connected(port);
  try {
    return await new Promise((resolve) => {
      socket.on('message', resolve);
      socket.send(query);
    });
  } finally {
    socket.close();
  }
}

/** The code and text of its Extended DNS Error (RFC 8914 §2). */
function error(message: Message): [number | undefined, string] {
  const value = message.edns?.options.find(({ code }) => code === 15)?.value;
  return value === undefined
    ? [undefined, '']
    : [(value[0] ?? 0) * 256 + (value[1] ?? 0), Buffer.from(value.subarray(2)).toString()];
}

test('a name is found by walking down from the root, which nobody asked at the start', async () => {
  expect(internet.heard).toEqual([]);
  expect(lines(await ask('www.shop.net A'))).toEqual(['NOERROR ra', 'an www.shop.net. 300 IN A 192.0.2.1']);
  expect(internet.heard).toEqual([
    `${ROOT} udp . NS`,
    `${ROOT} udp net. A`,
    `${REGISTRY} udp shop.net. A`,
    `${HOSTING} udp www.shop.net. A`,
  ]);
});

test('asked again, it is older, and nobody hears of it', async () => {
  const heard = await internet.hearing(async () => {
    let ttl = 300;
    while (ttl === 300) ttl = (await ask('www.shop.net A')).answer[0]?.ttl ?? 0;
    expect(ttl).toBeLessThan(300);
  });
  expect(heard).toEqual([]);
});

test('a name that does not exist is asked for once [RFC 2308 §5, RFC 8020 §2]', async () => {
  const heard = await internet.hearing(async () => {
    for (const name of ['nowhere.shop.net', 'nowhere.shop.net', 'below.nowhere.shop.net']) {
      const [status, denial] = lines(await ask(`${name} A`));
      expect([status, denial]).toEqual(['NXDOMAIN ra', expect.stringMatching(/^ns shop\.net\. \d+ IN SOA /)]);
    }
  });
  expect(heard).toEqual([`${HOSTING} udp nowhere.shop.net. A`]);
});

test('an alias is followed to the zone that it leads to, and from a zone of ours as well', async () => {
  const chain = ['an alias.shop.net. 200 IN CNAME www.other.net.', 'an www.other.net. 300 IN A 192.0.2.2'];
  expect(lines(await ask('alias.shop.net A'))).toEqual(['NOERROR ra', ...chain]);
  const [status, first, second] = lines(await ask('away.ours.example A'));
  expect([status, first]).toEqual(['NOERROR aa ra', 'an away.ours.example. 60 IN CNAME www.shop.net.']);
  expect(second).toMatch(/^an www\.shop\.net\. \d+ IN A 192\.0\.2\.1$/);
});

test('a server without glue is looked up first', async () => {
  expect(lines(await ask('www.hosted.net A'))[1]).toBe('an www.hosted.net. 300 IN A 192.0.2.3');
});

test('what no datagram carries is fetched over TCP, and given over TCP [RFC 7766 §5]', async () => {
  const heard = await internet.hearing(async () => {
    expect(lines(await ask('big.shop.net A'))).toEqual(['NOERROR tc ra']);
    expect((await ask('big.shop.net A', 'tcp')).answer).toHaveLength(100);
  });
  expect(heard).toEqual([`${HOSTING} udp big.shop.net. A`, `${HOSTING} tcp big.shop.net. A`]);
});

test('clients that want the same at once are one question to the world [RFC 5452 §5]', async () => {
  const heard = await internet.hearing(async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => ask('new0.shop.net A')));
    expect(new Set(all.map((message) => lines(message).join())).size).toBe(1);
  });
  expect(heard).toEqual([`${HOSTING} udp new0.shop.net. A`]);
});

test('a failure says why, and is not tried again at once [RFC 8914 §4.23, RFC 9520 §3.2]', async () => {
  const heard = await internet.hearing(async () => {
    const first = await ask('www.lame.net A');
    expect(lines(first)).toEqual(['SERVFAIL ra']);
    expect(error(first)).toEqual([
      Ede.NO_REACHABLE_AUTHORITY,
      `no server of lame.net answered: ${LAME} refused`,
    ]);
    const again = await ask('www.lame.net A');
    expect(error(again)).toEqual([Ede.CACHED_ERROR, expect.stringContaining(`${LAME} refused`)]);
  });
  expect(heard.filter((line) => line.startsWith(LAME))).toEqual([`${LAME} udp www.lame.net. A`]);
});

test('a server that goes is told of at once, and one that comes back is used at once', async () => {
  await internet.turnOff(HOSTING);
  const gone = await ask('new1.shop.net A');
  expect(error(gone)).toEqual([Ede.NETWORK_ERROR, expect.stringContaining(`${HOSTING} unreachable`)]);
  expect(lines(await ask('www.shop.net A'))[0], 'what is known stays known').toBe('NOERROR ra');
  await internet.turnOn(HOSTING);
  expect(lines(await ask('new2.shop.net A'))).toEqual(['NOERROR ra', 'an new2.shop.net. 300 IN A 192.0.2.2']);
});

/**
 * `cairn query` against a scripted internet: what it prints, byte for byte where dig's form matters, what it
 * makes of silence, truncation and strangers' replies, and where a trace goes.
 */
import * as dnsPacket from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { World } from '../../src/base/world.ts';
import type { Upstream } from '../../src/resolver/upstream.ts';
import { QueryExit, query } from '../../src/tools/query.ts';

type Asked = {
  readonly name: string;
  readonly type: string;
  readonly via: string;
  readonly packet: dnsPacket.DecodedPacket;
};
type Said = Partial<dnsPacket.Packet> | Uint8Array | 'silence' | { readonly unreachable: string };
type Script = Readonly<Record<string, (asked: Asked) => Said | readonly Said[]>>;

const world: World = {
  nowMs: () => 0,
  wallSeconds: () => 1_800_000_000,
  wallMs: () => 1_800_000_000_000,
  draw: () => 4660,
  after: () => () => {},
};

/** Servers by `address` or `address:port`. Every reply takes 7 ms. */
function scripted(script: Script, asked: string[] = []): Upstream {
  return {
    exchange(exchange): void {
      const { to, query: bytes, via } = exchange;
      const packet = dnsPacket.decode(Buffer.from(bytes));
      const { name = '', type = '' } = packet.questions?.[0] ?? {};
      const recursing = packet.flag_rd ? ' rd' : '';
      asked.push(`${to.address}:${to.port} ${via} ${name === '.' ? '' : name}. ${type}${recursing}`);
      const server = script[`${to.address}:${to.port}`] ?? script[to.address] ?? (() => 'silence');
      const said = server({ name, type, via, packet });
      for (const one of Array.isArray(said) ? said : [said]) {
        if (one === 'silence') continue;
        if (typeof one === 'object' && 'unreachable' in one) {
          exchange.end({ got: 'unreachable', why: one.unreachable });
          return;
        }
        const reply = one instanceof Uint8Array ? one : encode(packet, one as Partial<dnsPacket.Packet>);
        if (!exchange.accept(reply)) continue;
        exchange.end({ got: 'reply', bytes: reply, ms: 7 });
        return;
      }
      exchange.end({ got: 'silence' });
    },
  };
}

function encode(to: dnsPacket.DecodedPacket, reply: Partial<dnsPacket.Packet>): Uint8Array {
  const rd = to.flag_rd ? dnsPacket.RECURSION_DESIRED : 0;
  return dnsPacket.encode({
    type: 'response',
    id: to.id ?? 0,
    questions: to.questions ?? [],
    ...reply,
    flags: (reply.flags ?? 0) | rd,
  });
}

async function run(line: string, script: Script, asked?: string[]) {
  const io = { out: '', err: '' };
  const code = await query(
    line.split(' '),
    { out: (text) => (io.out += text), err: (text) => (io.err += text) },
    { world, upstream: scripted(script, asked), out: (text) => (io.out += text) },
  );
  return { code, ...io };
}

const { AUTHORITATIVE_ANSWER: AA, RECURSION_AVAILABLE: RA, TRUNCATED_RESPONSE: TC } = dnsPacket;
const ede = (code: number, text: string): dnsPacket.PacketOpt =>
  ({ code: 15, data: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(text)]) }) as never;
const opt = (...options: dnsPacket.PacketOpt[]): dnsPacket.OptAnswer =>
  ({
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    flags: 0,
    flag_do: false,
    ednsVersion: 0,
    extendedRcode: 0,
    options,
  }) as never;
const a = (name: string, data: string, ttl = 300): dnsPacket.StringAnswer => ({ type: 'A', name, ttl, data });
const ns = (name: string, data: string): dnsPacket.StringAnswer => ({ type: 'NS', name, ttl: 3600, data });

describe('a reply is printed as dig prints it', () => {
  test('header, EDNS, sections, statistics', async () => {
    const { out, code } = await run('@127.0.0.1 -p 5300 www.shop.org +noad', {
      '127.0.0.1:5300': () => ({
        flags: RA,
        answers: [
          { type: 'CNAME', name: 'www.shop.org', ttl: 60, data: 'a-rather-long-name-of-a-host.shop.org' },
          a('a-rather-long-name-of-a-host.shop.org', '192.0.2.1'),
        ],
        authorities: [ns('shop.org', 'ns.shop.org')],
        additionals: [a('ns.shop.org', '192.0.2.53'), opt()],
      }),
    });
    expect(code).toBe(QueryExit.OK);
    const lines = out.split('\n');
    expect(lines.find((line) => line.startsWith(';; WHEN: '))).toMatch(
      /^;; WHEN: (Fri|Thu) Jan 1[456] \d\d:\d\d:\d\d \S+ 2027$/,
    );
    expect(lines.filter((line) => !line.startsWith(';; WHEN: ')).join('\n')).toBe(
      [
        '',
        `; <<>> Cairn 0.1.0 <<>> @127.0.0.1 -p 5300 www.shop.org +noad`,
        ';; global options: +cmd',
        ';; Got answer:',
        ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4660',
        ';; flags: qr rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 1, ADDITIONAL: 2',
        '',
        ';; OPT PSEUDOSECTION:',
        '; EDNS: version: 0, flags:; udp: 1232',
        ';; QUESTION SECTION:',
        ';www.shop.org.\t\t\tIN\tA',
        '',
        ';; ANSWER SECTION:',
        'www.shop.org.\t\t60\tIN\tCNAME\ta-rather-long-name-of-a-host.shop.org.',
        'a-rather-long-name-of-a-host.shop.org. 300 IN A\t192.0.2.1',
        '',
        ';; AUTHORITY SECTION:',
        'shop.org.\t\t3600\tIN\tNS\tns.shop.org.',
        '',
        ';; ADDITIONAL SECTION:',
        'ns.shop.org.\t\t300\tIN\tA\t192.0.2.53',
        '',
        ';; Query time: 7 msec',
        ';; SERVER: 127.0.0.1#5300(127.0.0.1) (UDP)',
        ';; MSG SIZE  rcvd: 217',
        '',
        '',
      ].join('\n'),
    );
  });

  test('an Extended DNS Error is spelled out, without what a terminal would obey [RFC 8914 §2]', async () => {
    const { out } = await run('@127.0.0.1 a.org', {
      '127.0.0.1': () => ({
        flags: 5,
        additionals: [
          opt(ede(18, 'not \u001b[31myou'), ede(49152, ''), { code: 65001, data: Buffer.of(1) } as never),
        ],
      }),
    });
    expect(out).toContain('status: REFUSED');
    expect(out).toContain(
      '; EDE: 18 (Prohibited): (not \\u{1b}[31myou)\n; EDE: 49152\n; OPT=65001: 01 (".")\n',
    );
    expect(out).toContain(';; WARNING: recursion requested but not available\n');
  });

  test.each<[string, string]>([
    ['+short', '10 mx.shop.org.\n20 mx2.shop.org.\n'],
    [
      '+noall +answer',
      'shop.org.\t\t60\tIN\tMX\t10 mx.shop.org.\nshop.org.\t\t60\tIN\tMX\t20 mx2.shop.org.\n',
    ],
    ['+noall +question', ';shop.org.\t\t\tIN\tMX\n'],
    ['+noall', ''],
  ])('%s', async (flags, expected) => {
    const mx = (preference: number, exchange: string): dnsPacket.MxAnswer => ({
      ...{ type: 'MX', name: 'shop.org', ttl: 60 },
      data: { preference, exchange },
    });
    const { out } = await run(`@127.0.0.1 shop.org mx ${flags}`, {
      '127.0.0.1': () => ({ flags: RA, answers: [mx(10, 'mx.shop.org'), mx(20, 'mx2.shop.org')] }),
    });
    expect(out).toBe(expected);
  });
});

describe('asking', () => {
  test('what the flags say is what is sent', async () => {
    const seen: dnsPacket.DecodedPacket[] = [];
    const server = {
      '127.0.0.1': ({ packet }: Asked) => {
        seen.push(packet);
        return {};
      },
    };
    await run('@127.0.0.1 a.org +norec +dnssec +cd +bufsize=4096 +nsid', server);
    await run('@127.0.0.1 a.org +noedns +noad', server);
    expect(seen[0]).toMatchObject({ flag_rd: false, flag_cd: true, flag_ad: true });
    expect(seen[0]?.additionals).toMatchObject([
      { udpPayloadSize: 4096, flag_do: true, options: [{ code: 3 }] },
    ]);
    expect(seen[1]).toMatchObject({ flag_rd: true, flag_cd: false, flag_ad: false, additionals: [] });
  });

  test('a truncated reply is asked for again over TCP, and that is told [RFC 7766 §5]', async () => {
    const asked: string[] = [];
    const { out, code } = await run(
      '@127.0.0.1 a.org',
      { '127.0.0.1': ({ via }) => (via === 'udp' ? { flags: TC } : { answers: [a('a.org', '192.0.2.1')] }) },
      asked,
    );
    expect(asked).toEqual(['127.0.0.1:53 udp a.org. A rd', '127.0.0.1:53 tcp a.org. A rd']);
    expect(out).toContain(';; Truncated, retrying in TCP mode.\n');
    expect(out).toContain('(TCP)');
    expect(code).toBe(QueryExit.OK);
  });

  test('+ignore keeps the truncated reply', async () => {
    const { out } = await run('@127.0.0.1 a.org +ignore', { '127.0.0.1': () => ({ flags: TC }) });
    expect(out).toContain(';; flags: qr tc rd;');
  });

  test('silence is told for every try, and exits 9', async () => {
    const asked: string[] = [];
    const { out, code } = await run('@127.0.0.1 a.org +tries=2', { '127.0.0.1': () => 'silence' }, asked);
    expect(asked).toHaveLength(2);
    expect(out.split(';; communications error to 127.0.0.1#53: timed out\n')).toHaveLength(3);
    expect(out).toContain(';; no servers could be reached\n');
    expect(code).toBe(QueryExit.NO_REPLY);
  });

  test('a refused connection is told in the words of the system', async () => {
    const { out, code } = await run('@127.0.0.1 a.org +tries=1', {
      '127.0.0.1': () => ({ unreachable: 'connection refused' }),
    });
    expect(out).toContain(';; communications error to 127.0.0.1#53: connection refused\n');
    expect(code).toBe(QueryExit.NO_REPLY);
  });

  test('a reply with another ID or another question is waited past [RFC 5452 §4.2]', async () => {
    const { out } = await run('@127.0.0.1 a.org +short', {
      '127.0.0.1': () => [
        { id: 1, answers: [a('a.org', '192.0.2.66')] },
        { questions: [{ type: 'A', name: 'b.org' }], answers: [a('a.org', '192.0.2.66')] },
        { answers: [a('a.org', '192.0.2.1')] },
      ],
    });
    expect(out).toBe(';; ;; Question section mismatch: got b.org./A/IN\n192.0.2.1\n');
  });

  test('bytes that are no message are told as such', async () => {
    const { out, code } = await run('@127.0.0.1 a.org +tries=1', {
      '127.0.0.1': () => Uint8Array.of(0x12, 0x34, 0x80, 0, 0, 9),
    });
    expect(out).toContain(';; Got bad packet: 6 bytes that are no message\n');
    expect(code).toBe(QueryExit.NO_REPLY);
  });

  test('words that make no query exit 1, on the error stream, and nobody is asked', async () => {
    const asked: string[] = [];
    const { out, err, code } = await run('@127.0.0.1 a..org +tpc', {}, asked);
    expect(err).toContain("cairn query: there is no flag '+tpc'; did you mean +tcp?\n");
    expect(err).toContain("cairn query: 'a..org' is no name: expected a label of 1 to 63 bytes\n");
    expect([out, code, asked]).toEqual(['', QueryExit.USAGE, []]);
  });

  test('help is help, and a success', async () => {
    const { out, code } = await run('-h', {});
    expect(out).toMatch(/^cairn query \[@server\]/);
    expect(code).toBe(QueryExit.OK);
  });
});

describe('+trace', () => {
  const root = ns('.', 'a.root-servers.net');
  const resolver = ({ name, type }: Asked): Said => {
    if (type === 'NS')
      return { flags: RA, answers: [root], additionals: [a('a.root-servers.net', '127.0.1.1')] };
    if (type === 'A' && name === 'ns.host.net') return { flags: RA, answers: [a(name, '127.0.1.4')] };
    return { flags: RA };
  };
  const internet: Script = {
    '127.0.0.1': resolver,
    '127.0.1.1': () => ({ authorities: [ns('org', 'a.org')], additionals: [a('a.org', '127.0.1.2')] }),
    '127.0.1.2': () => ({ authorities: [ns('shop.org', 'ns.gone.net'), ns('shop.org', 'ns.host.net')] }),
    '127.0.1.4': ({ name }) => ({ flags: AA, answers: [a(name, '192.0.2.1')] }),
  };

  test('walks from the root: glue first, else the given server finds the address', async () => {
    const asked: string[] = [];
    const { out, code } = await run(
      '@127.0.0.1 -p 5300 www.shop.org +trace +traceport=5301',
      internet,
      asked,
    );
    expect(asked).toEqual([
      '127.0.0.1:5300 udp . NS rd',
      '127.0.1.1:5301 udp www.shop.org. A',
      '127.0.1.2:5301 udp www.shop.org. A',
      '127.0.0.1:5300 udp ns.gone.net. A rd',
      '127.0.0.1:5300 udp ns.gone.net. AAAA rd',
      '127.0.0.1:5300 udp ns.host.net. A rd',
      '127.0.1.4:5301 udp www.shop.org. A',
    ]);
    expect(code).toBe(QueryExit.OK);
    expect(out.split('\n').slice(3)).toEqual([
      '.\t\t\t3600\tIN\tNS\ta.root-servers.net.',
      ';; Received 82 bytes from 127.0.0.1#5300(127.0.0.1) in 7 ms',
      '',
      'org.\t\t\t3600\tIN\tNS\ta.org.',
      ';; Received 73 bytes from 127.0.1.1#5301(a.root-servers.net) in 7 ms',
      '',
      'shop.org.\t\t3600\tIN\tNS\tns.gone.net.',
      'shop.org.\t\t3600\tIN\tNS\tns.host.net.',
      ';; Received 96 bytes from 127.0.1.2#5301(a.org) in 7 ms',
      '',
      ';; no address of ns.gone.net. found',
      'www.shop.org.\t\t300\tIN\tA\t192.0.2.1',
      ';; Received 58 bytes from 127.0.1.4#5301(ns.host.net) in 7 ms',
      '',
      '',
    ]);
  });

  test.each<[string, Said, string]>([
    ['refuses', { flags: 5 }, ';; REFUSED, trying the next server'],
    ['refers to its own zone', { authorities: [ns('shop.org', 'x.org')] }, ';; BAD (HORIZONTAL) REFERRAL'],
    ['refers upwards', { authorities: [root] }, ';; BAD REFERRAL, trying the next server'],
    ['is silent', 'silence', ';; communications error to 127.0.1.4#53: timed out'],
  ])('a server that %s is passed by', async (_, said, expected) => {
    const { out, code } = await run('@127.0.0.1 www.shop.org +trace', {
      ...internet,
      '127.0.1.4': () => said,
    });
    expect(out).toContain(expected);
    expect(out).toContain(';; nobody left to ask about shop.org.\n');
    expect(code).toBe(QueryExit.NO_REPLY);
  });

  test.each<[string, Said]>([
    ['NXDOMAIN', { flags: AA | 3 }],
    ['NODATA', { flags: AA }],
    ['an alias', { flags: AA, answers: [{ type: 'CNAME', name: 'www.shop.org', data: 'w.net' }] }],
  ])('%s ends the walk', async (_, said) => {
    const asked: string[] = [];
    const { code } = await run(
      '@127.0.0.1 www.shop.org +trace',
      { ...internet, '127.0.1.4': () => said },
      asked,
    );
    expect(asked.at(-1)).toBe('127.0.1.4:53 udp www.shop.org. A');
    expect(code).toBe(QueryExit.OK);
  });

  test('-6 goes nowhere where there is IPv4 only', async () => {
    const { out } = await run('@::1 www.shop.org +trace -6', { ...internet, '::1': resolver });
    expect(out).toContain(';; no address of a.root-servers.net. found\n;; nobody left to ask about .\n');
  });
});

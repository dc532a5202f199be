/**
 * Who gets which answer where pools choose by place: by its own address, or by the network that a resolver
 * tells of; and for whom the response says that it holds.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipText, parseIp } from '../../src/base/ip.ts';
import type { Outcome, Recursor } from '../../src/resolver/recursor.ts';
import { EdnsOption, Rcode, Type } from '../../src/wire/codes.ts';
import { type Message, readMessage } from '../../src/wire/message.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { mmdb } from '../pool/mmdb.ts';
import { tableOf } from '../pool/tables.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { Guarded, hex, prefixes } from '../support/guarded.ts';

const RESOLVER = '203.0.113.53';

const within = (code: string) => ({ country: { iso_code: code } });
const whereabouts = tableOf([
  'country',
  mmdb([
    ['198.51.100.0/24', within('DE')],
    ['198.51.100.128/25', within('FR')],
    ['198.51.100.200/32', within('US')],
    ['203.0.113.0/24', within('US')],
    ['2001:db8::/32', within('DE')],
    ['2001:db8:1::/48', within('US')],
  ]),
]);
const zones = catalog({
  'z.test': `$TTL 60
${SOA_AND_NS}
www POOL 192.0.2.1 geo=EU
www POOL 192.0.2.2 geo=US
www POOL 192.0.2.3 geo=FR
www POOL 192.0.2.9
net POOL 192.0.2.1 net=198.51.100.0/26
net POOL 192.0.2.2
weighted POOL 192.0.2.1 weight=1
weighted POOL 192.0.2.2 weight=1
alias CNAME www
use POOL use=net
sticky POOL 192.0.2.1
sticky POOL * sticky=client
plain A 192.0.2.8
out POOL host.elsewhere.test. geo=EU
out POOL other.elsewhere.test. geo=*
out POOL * as=cname
`,
});
const subject = new Guarded(zones, () => ({ subnetsFrom: prefixes(RESOLVER) }), {
  whereabouts,
  showPoolsTo: prefixes('127.0.0.1'),
});

/** The value of the option: `198.51.100.0/24`. */
function subnet(text: string): string {
  const [address = '', length] = text.split('/');
  const bits = Number(length);
  const bytes = parseIp(address) as Uint8Array;
  return hex(Uint8Array.of(0, bytes.length === 4 ? 1 : 2, bits, 0, ...bytes.subarray(0, (bits + 7) >> 3)));
}

/** What a client of the resolver is told: the addresses, and the scope where there is one. */
function told(question: string, from: string, network?: string): string {
  const options = network === undefined ? [] : [[EdnsOption.SUBNET, subnet(network)] as const];
  return said(subject.ask(question, { address: from, options }));
}

function said(message: Message | undefined): string {
  const scope = subject.option(EdnsOption.SUBNET, message)?.slice(6, 8);
  const records = (message?.answer ?? []).map(({ type, rdata }) => rdataText(type, rdata));
  return [...records.sort(), ...(scope === undefined ? [] : [`/${Number.parseInt(scope, 16)}`])].join(' ');
}

describe('a client that asks by itself is where its address is', () => {
  test.each([
    ['198.51.100.7', '192.0.2.1'],
    ['198.51.100.129', '192.0.2.3'],
    ['198.51.100.200', '192.0.2.2'],
    ['::ffff:198.51.100.200', '192.0.2.2'],
    ['2001:db8::7', '192.0.2.1'],
    ['2001:db8:1::7', '192.0.2.2'],
    ['192.0.2.1', '192.0.2.9'],
  ])('%s', (from, address) => expect(told('www.z.test.', from)).toBe(address));

  test('whatever it tells of another', () => {
    expect(told('www.z.test.', '198.51.100.7', '198.51.100.200/32')).toBe('192.0.2.1');
  });
});

describe('a client of a resolver that may tell', () => {
  test.each([
    ['198.51.100.0/24', '192.0.2.1 /25'],
    ['198.51.100.7/32', '192.0.2.1 /25'],
    ['198.51.100.128/25', '192.0.2.3 /26'],
    ['198.51.100.200/32', '192.0.2.2 /32'],
    ['192.0.2.0/24', '192.0.2.9 /6'],
    ['2001:db8::/56', '192.0.2.1 /48'],
    ['2001:db8:1::/48', '192.0.2.2 /48'],
    ['::ffff:198.51.100.200/128', '192.0.2.2 /128'],
    ['::ffff:198.51.100.0/120', '192.0.2.1 /121'],
  ])('%s is where its network is, and so is who shares the scope [RFC 7871 §7.2.1]', (network, answer) => {
    expect(told('www.z.test.', RESOLVER, network)).toBe(answer);
  });

  test.each([
    ['plain.z.test.', '192.0.2.8 /0'],
    ['gone.z.test.', '/0'],
    ['weighted.z.test.', expect.stringMatching(/^192\.0\.2\.[12] \/0$/)],
    ['net.z.test.', '192.0.2.1 /26'],
    ['use.z.test.', '192.0.2.1 /26'],
    ['alias.z.test.', '192.0.2.1 www.z.test. /25'],
    ['out.z.test.', 'host.elsewhere.test. /25'],
  ])('%s says how much of it was looked at', (question, answer) => {
    expect(told(question, RESOLVER, '198.51.100.0/24')).toEqual(answer);
  });

  test('is as sticky as its network is known, to a /24 or /56', () => {
    const scopes = ['10.1.0.0/16', '10.1.2.3/32', '2001:db8::/48', '2001:db8::1/128'].map((network) =>
      told('sticky.z.test.', RESOLVER, network),
    );
    expect(scopes).toEqual([16, 24, 48, 56].map((bits) => `192.0.2.1 /${bits}`));
  });

  test('that hides has what the resolver has, and so has everybody [RFC 7871 §7.1.2]', () => {
    expect(told('www.z.test.', RESOLVER)).toBe('192.0.2.2');
    expect(told('www.z.test.', RESOLVER, '0.0.0.0/0')).toBe('192.0.2.2 /0');
    expect(told('www.z.test.', RESOLVER, '::/0')).toBe('192.0.2.2 /0');
  });

  test('denies for everybody what no member of the pool could answer', () => {
    for (const question of ['net.z.test. AAAA', 'sticky.z.test. SRV', 'www.z.test. CNAME'])
      expect(told(question, RESOLVER, '198.51.100.7/32')).toBe('/0');
  });

  test('keeps the scope where the answer goes on elsewhere', async () => {
    const outcome: Outcome = { rcode: Rcode.NOERROR, answer: [], authority: [], ede: undefined };
    let cached: Outcome | undefined = outcome;
    const recursor = { cached: () => cached, resolve: () => Promise.resolve(outcome) };
    const resolving = new Guarded(zones, () => ({ subnetsFrom: prefixes(RESOLVER) }), {
      whereabouts,
      recursor: recursor as unknown as Recursor,
      mayRecurse: prefixes(RESOLVER),
    });
    const packet = resolving.query('out.z.test.', {
      options: [[EdnsOption.SUBNET, subnet('198.51.100.0/24')]],
    });
    packet[2] = 1; // RD
    const answer = 'host.elsewhere.test. /25';
    expect(said(readMessage(resolving.send(packet, { address: RESOLVER }) ?? new Uint8Array(0)))).toBe(
      answer,
    );
    cached = undefined;
    const address = parseIp(RESOLVER) as Uint8Array;
    const later = await new Promise<Uint8Array>((resolve) => {
      const client = { transport: 'udp', address, port: 5353 } as const;
      resolving.pipeline.answer(packet, packet.length, client, new Uint8Array(512), resolve);
    });
    expect(said(readMessage(later))).toBe(answer);
  });

  test('shares its answer with all whose addresses begin as the scope says', () => {
    const network = fc.tuple(
      fc.constantFrom([198, 51, 100], [203, 0, 113], [0, 1, 2]),
      fc.nat(255),
      fc.nat(255),
    );
    fc.assert(
      fc.property(network, ([head, last, other]) => {
        const address = ipText(Uint8Array.of(...head, last));
        const [answer = '', scope = ''] = told('www.z.test.', RESOLVER, `${address}/32`).split(' ');
        const spare = 32 - Number(scope.slice(1));
        const mask = spare >= 8 ? 255 : 2 ** spare - 1;
        const neighbour = ipText(Uint8Array.of(...head, (last & ~mask) | (other & mask)));
        expect(told('www.z.test.', RESOLVER, `${neighbour}/32`)).toBe(`${answer} ${scope}`);
      }),
    );
  });
});

test('the records themselves are shown by who asks, not by whom it asks for', () => {
  const shown = (from: string, network?: string): number => {
    const options = network === undefined ? [] : [[EdnsOption.SUBNET, subnet(network)] as const];
    return subject.ask('www.z.test.', { address: from, type: Type.POOL, options })?.answer.length ?? -1;
  };
  expect(shown('127.0.0.1')).toBe(4);
  expect(shown('198.51.100.7')).toBe(0);
  expect(shown(RESOLVER, '127.0.0.1/32')).toBe(0);
});

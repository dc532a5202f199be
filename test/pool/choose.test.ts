/** The stages of a choice, alone and together. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipText } from '../../src/base/ip.ts';
import { Projection } from '../../src/pool/able.ts';
import { Status, UNTIL_EVER } from '../../src/pool/plan.ts';
import { mmdb } from './mmdb.ts';
import { Stage } from './stage.ts';
import { tableOf } from './tables.ts';

const [A, B, C, D] = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] as const;
const UP = Status.CHECKED | Status.SHARE;
const DOWN = Status.CHECKED;

const sorted = (texts: readonly string[]): string[] => [...texts].sort();

describe('who is able', () => {
  const stage = new Stage([A, `${B} port=443`, '2001:db8::1 alpn=h2', 'host.example. port=1']);

  test('is who can be what is asked for', () => {
    expect(sorted(stage.choose(Projection.IPV4))).toEqual([A, B]);
    expect(stage.choose(Projection.IPV6)).toEqual(['2001:db8::1']);
    expect(stage.choose(Projection.ALIAS)).toEqual(['host.example.']);
    expect(sorted(stage.choose(Projection.SRV))).toEqual([B, 'host.example.']);
  });

  test('for HTTPS, who says so: others may not speak it (RFC 9460 §9.5)', () => {
    expect(sorted(stage.choose(Projection.SERVICE))).toEqual([B, '2001:db8::1', 'host.example.']);
    expect(new Stage([A]).choose(Projection.SERVICE)).toEqual([]);
  });
});

describe('health', () => {
  const three = (options: string): Stage =>
    new Stage([`${A} check=web`, `${B} check=web`, `${C} check=web`, `* answers=3 ${options}`]);

  test('leaves out who is down', () => {
    const stage = three('');
    stage.note(A, UP, UNTIL_EVER);
    stage.note(B, DOWN, UNTIL_EVER);
    stage.note(C, 1, UNTIL_EVER);
    for (let i = 0; i < 50; i++) expect(sorted(stage.choose())).toEqual([A, C]);
    expect(stage.choice.isDesperate).toBe(false);
  });

  test('takes who is not known yet where nobody is up', () => {
    const stage = three('all-down=nodata');
    stage.note(A, DOWN, UNTIL_EVER);
    expect(sorted(stage.choose())).toEqual([B, C]);
    expect(stage.choice.isDesperate).toBe(true);
  });

  test.each([
    ['', [A, B, C]],
    ['all-down=serve-all', [A, B, C]],
    ['all-down=nodata', ['nodata']],
    ['all-down=servfail', ['servfail']],
    ['all-down=last-good', [B]],
  ])('where all are down, %s', (options, expected) => {
    const stage = three(options);
    for (const member of [A, B, C])
      stage.note(member, member === B ? DOWN | Status.LAST_GOOD : DOWN, UNTIL_EVER);
    expect(sorted(stage.choose())).toEqual(expected);
  });

  test.each(['serve-all', 'last-good'])('whom the operator took out is taken last, with %s', (allDown) => {
    const stage = three(`all-down=${allDown}`);
    stage.note(A, DOWN | Status.HELD | Status.LAST_GOOD, UNTIL_EVER);
    for (const member of [B, C]) stage.note(member, DOWN, UNTIL_EVER);
    expect(sorted(stage.choose())).toEqual([B, C]);
    for (const member of [A, B, C]) stage.note(member, DOWN | Status.HELD, UNTIL_EVER);
    expect(sorted(stage.choose())).toEqual([A, B, C]);
  });

  test('last-good is all, where nobody ever was up', () => {
    const stage = three('all-down=last-good');
    for (const member of [A, B, C]) stage.note(member, DOWN, UNTIL_EVER);
    expect(sorted(stage.choose())).toEqual([A, B, C]);
  });

  test('lowers the TTL to what all that were looked at promise, and to a second at least', () => {
    const stage = three('');
    stage.world.stall(99_500); // 100.5 s
    for (const member of [A, B, C]) stage.note(member, UP, UNTIL_EVER);
    stage.choose();
    expect(stage.choice.ttl).toBe(60);
    stage.note(C, DOWN, 108);
    stage.choose();
    expect(stage.choice.ttl).toBe(7);
    stage.note(B, UP, 100);
    stage.choose();
    expect(stage.choice.ttl).toBe(1);
    // It could not have been told anyhow.
    stage.choose(Projection.IPV6);
    expect(stage.choice.ttl).toBe(60);
  });
});

describe('place', () => {
  const country = (code: string, continent: string): object => ({
    country: { iso_code: code },
    continent: { code: continent },
  });
  const database = (entries: readonly (readonly [string, never])[]): Buffer => mmdb(entries);
  const city = (code: string, part: string, latitude: number, longitude: number): never =>
    ({
      ...country(code, code === 'US' ? 'NA' : 'EU'),
      subdivisions: [{ iso_code: part }],
      location: { latitude, longitude },
    }) as never;
  const table = tableOf(
    [
      'city',
      database([
        ['10.0.0.0/8', city('DE', 'BE', 52.5, 13.4)],
        ['11.0.0.0/8', city('US', 'CA', 37.8, -122.4)],
        ['12.0.0.0/8', city('US', 'NY', 40.7, -74)],
      ]),
    ],
    ['asn', database([['11.64.0.0/10', { autonomous_system_number: 4_200_000_000 } as never]])],
  );

  const chosen = (members: readonly string[], client: string): string[] => {
    const stage = new Stage([...members, '* answers=9']);
    stage.table = table;
    return sorted(stage.choose(Projection.IPV4, client));
  };

  test('is by the longest prefix, then the system, then the closest code', () => {
    const members = [
      `${A} net=11.0.0.0/8 geo=EU`,
      `${B} net=11.1.0.0/16,2001:db8::/32`,
      `${C} asn=5,4200000000 geo=US`,
      `${D} geo=US-CA,*`,
    ];
    expect(chosen(members, '11.1.2.3')).toEqual([B]);
    expect(chosen(members, '11.2.2.3')).toEqual([A]);
    expect(chosen(members.slice(1), '11.64.2.3')).toEqual([C]);
    expect(chosen(members.slice(2), '11.2.2.3')).toEqual([D]);
    expect(chosen(members, '12.2.2.3')).toEqual([C]);
    expect(chosen(members, '10.2.2.3')).toEqual([A]);
    expect(chosen(members, '13.2.2.3')).toEqual([D]);
  });

  test('of those with the same prefix and country goes on with what is closer', () => {
    const members = [`${A} net=11.0.0.0/8 geo=US`, `${B} net=11.0.0.0/8 geo=US-CA`, `${C} net=11.0.0.0/8`];
    expect(chosen(members, '11.1.2.3')).toEqual([B]);
  });

  test('falls back to the next shorter prefix when those of the longest are down', () => {
    const stage = new Stage([`${A} net=11.0.0.0/8`, `${B} net=11.1.0.0/16 check=web`, C]);
    stage.note(B, DOWN, UNTIL_EVER);
    expect(stage.choose(Projection.IPV4, '11.1.2.3')).toEqual([A]);
    stage.note(B, UP, UNTIL_EVER);
    expect(stage.choose(Projection.IPV4, '11.1.2.3')).toEqual([B]);
  });

  test('without a match takes those that are everywhere, and without such all', () => {
    expect(chosen([`${A} geo=US`, B, C], '10.1.1.1')).toEqual([B, C]);
    expect(chosen([`${A} geo=US`, `${B} geo=FR`], '10.1.1.1')).toEqual([A, B]);
    expect(chosen([`${A} geo=US`, `${B} geo=*`, C], '10.1.1.1')).toEqual([B]);
  });

  test('is nearest among those that are left', () => {
    const near = [`${A} near=52.5,13.4`, `${B} near=40.7,-74`, C];
    expect(chosen(near, '10.1.1.1')).toEqual([A]);
    expect(chosen(near, '11.1.1.1')).toEqual([B]);
    // Nobody knows where that is.
    expect(chosen(near, '13.1.1.1')).toEqual([A, B, C]);
    expect(chosen([`${A} near=52.5,13.4 bias=9000`, `${B} near=40.7,-74`], '11.1.1.1')).toEqual([A]);
    expect(chosen([`${A} near=52.5,13.4 geo=DE`, `${B} near=40.7,-74`], '10.1.1.1')).toEqual([A]);
    expect(chosen([`${A} near=52.5,13.4 geo=DE`, `${B} near=40.7,-74 geo=FR`], '12.1.1.1')).toEqual([B]);
  });

  test('is unknown without a table, but for prefixes and for everywhere', () => {
    const stage = new Stage([`${A} geo=DE`, `${B} geo=*`, `${C} net=10.0.0.0/8`, '* answers=9']);
    expect(stage.choose(Projection.IPV4, '10.1.1.1')).toEqual([C]);
    expect(stage.choose(Projection.IPV4, '11.1.1.1')).toEqual([B]);
  });

  test('looks at the table only where it makes a difference, and says how far', () => {
    const stage = new Stage([`${A} net=10.0.0.0/8`, `${B} geo=DE`, `${C} geo=US`]);
    stage.table = table;
    stage.choose(Projection.IPV4, '10.1.1.1');
    expect(stage.choice.scope).toBe(8);
    stage.choose(Projection.IPV4, '11.64.0.1');
    expect(stage.choice.scope).toBe(10);
    const plain = new Stage([A, B]);
    plain.table = table;
    plain.choose();
    expect(plain.choice.scope).toBe(0);
  });

  const nets = ['10.0.0.0/9', '10.128.0.0/9', '11.64.0.0/12', '10.0.0.0/7', '2001:db8::/33', '::/0'];
  const places = ['EU', 'DE', 'US-CA', 'NA', '*'];
  const attributes = fc.record({
    net: fc.subarray(nets, { maxLength: 2 }),
    asn: fc.subarray(['4200000000', '7'], { maxLength: 1 }),
    geo: fc.subarray(places, { maxLength: 2 }),
    near: fc.option(fc.constantFrom('52.5,13.4', '40.7,-74', '0,0'), { nil: undefined }),
    isUp: fc.boolean(),
  });
  const octet = fc.constantFrom(0, 1, 9, 10, 11, 12, 63, 64, 80, 127, 128, 192, 255);
  const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));

  test('law: who shares as many bits as were looked at is answered from the same list', () => {
    fc.assert(
      fc.property(
        fc.array(attributes, { minLength: 1, maxLength: 6 }),
        address,
        fc.nat(),
        (members, client, noise) => {
          const stage = new Stage([
            ...members.map(({ net, asn, geo, near }, i) =>
              [
                `192.0.2.${i}`,
                'check=web',
                ...(net.length > 0 ? [`net=${net.join()}`] : []),
                ...(asn.length > 0 ? [`asn=${asn.join()}`] : []),
                ...(geo.length > 0 ? [`geo=${geo.join()}`] : []),
                ...(near === undefined ? [] : [`near=${near}`]),
              ].join(' '),
            ),
            '* answers=9',
          ]);
          stage.table = table;
          for (const [i, { isUp }] of members.entries())
            stage.note(`192.0.2.${i}`, isUp ? UP : DOWN, UNTIL_EVER);
          const own = sorted(stage.choose(Projection.IPV4, client));
          const { scope } = stage.choice;
          const bytes = Uint8Array.from(client.split('.').map(Number));
          for (let bit = scope; bit < 32; bit++) {
            if ((noise & (1 << (31 - bit))) !== 0) bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
          }
          expect(sorted(stage.choose(Projection.IPV4, ipText(bytes)))).toEqual(own);
          expect(stage.choice.scope).toBe(scope);
          // Nothing down is answered where something is up.
          const up = members.flatMap(({ isUp }, i) => (isUp ? [`192.0.2.${i}`] : []));
          if (up.length > 0) expect(own.every((text) => up.includes(text))).toBe(true);
          expect(own.length).toBeGreaterThan(0);
        },
      ),
      { seed: 11, numRuns: 1_500 },
    );
  });
});

describe('tier', () => {
  const stage = new Stage([`${A} tier=1 check=w`, `${B} tier=2`, `${C} tier=2`, '* answers=9']);

  test('is the lowest that is left', () => {
    stage.note(A, UP, UNTIL_EVER);
    expect(stage.choose()).toEqual([A]);
    stage.note(A, DOWN, UNTIL_EVER);
    expect(sorted(stage.choose())).toEqual([B, C]);
  });

  test('is told to clients that go by it themselves', () => {
    const ports = new Stage([`${A} tier=1 alpn=h2`, `${B} tier=2 alpn=h2 weight=0`]);
    expect(sorted(ports.choose(Projection.SERVICE))).toEqual([A, B]);
    const limited = new Stage([`${A} tier=1 alpn=h2`, `${B} tier=2 alpn=h2`, '* answers=1']);
    expect(limited.choose(Projection.SERVICE)).toHaveLength(1);
  });
});

/** How often each was chosen first. */
function tally(stage: Stage, draws: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const [first = ''] = stage.choose();
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

/** Of 99.9 %: so many standard deviations. */
const SIGMAS = 3.29;

function expectShares(stage: Stage, shares: Readonly<Record<string, number>>): void {
  const draws = 100_000;
  const counts = tally(stage, draws);
  for (const [member, share] of Object.entries(shares)) {
    const tolerance = SIGMAS * Math.sqrt(draws * share * (1 - share));
    expect(Math.abs((counts.get(member) ?? 0) - draws * share), member).toBeLessThanOrEqual(tolerance);
  }
}

describe('weight', () => {
  test('is the share, within the 99.9 % interval over 100,000 draws', () => {
    expectShares(new Stage([`${A} weight=70`, `${B} weight=30`]), { [A]: 0.7, [B]: 0.3 });
    expectShares(new Stage([`${A} weight=65535`, `${B} weight=1`, `${C} weight=65535`]), {
      [A]: 65_535 / 131_071,
      [B]: 1 / 131_071,
      [C]: 65_535 / 131_071,
    });
  });

  test('of who comes back counts in part', () => {
    const stage = new Stage([`${A} weight=10 check=web`, `${B} weight=10`]);
    stage.note(A, Status.CHECKED | 341, UNTIL_EVER);
    expectShares(stage, { [A]: 341 / 1364, [B]: 1023 / 1364 });
  });

  test('counts again among those left when several are drawn', () => {
    const stage = new Stage([`${A} weight=6`, `${B} weight=3`, `${C} weight=1`, '* answers=2']);
    const seconds = new Map<string, number>();
    const draws = 100_000;
    for (let i = 0; i < draws; i++) {
      const chosen = stage.choose();
      const key = chosen.join(' ');
      seconds.set(key, (seconds.get(key) ?? 0) + 1);
    }
    const share = 0.6 * (3 / 4);
    const tolerance = SIGMAS * Math.sqrt(draws * share * (1 - share));
    expect(Math.abs((seconds.get(`${A} ${B}`) ?? 0) - draws * share)).toBeLessThanOrEqual(tolerance);
  });

  test('0 is drawn when nothing else is left', () => {
    const stage = new Stage([`${A} weight=0`, `${B} weight=1 check=w`, `${C} weight=0`]);
    stage.note(B, UP, UNTIL_EVER);
    for (let i = 0; i < 100; i++) expect(stage.choose()).toEqual([B]);
    stage.note(B, DOWN, UNTIL_EVER);
    expectShares(stage, { [A]: 0.5, [C]: 0.5 });
    const both = new Stage([`${A} weight=0`, `${B} weight=1`, '* answers=2']);
    for (let i = 0; i < 100; i++) expect(both.choose()).toEqual([B, A]);
  });

  test('is what makes one answer the default; without, all are answered in any order', () => {
    expect(new Stage([`${A} weight=1`, B]).choose()).toHaveLength(1);
    const stage = new Stage([A, B, C]);
    const orders = new Set(Array.from({ length: 200 }, () => stage.choose().join()));
    expect(orders.size).toBe(6);
  });

  test('of an alias there is one, whatever the options say', () => {
    expect(new Stage(['a.test.', 'b.test.', '* answers=2']).choose(Projection.ALIAS)).toHaveLength(1);
  });

  test('the same seed draws the same', () => {
    const draws = (seed: number): string[] => {
      const stage = new Stage([A, B, C, D], seed);
      return Array.from({ length: 20 }, () => stage.choose().join());
    };
    expect(draws(5)).toEqual(draws(5));
    expect(draws(5)).not.toEqual(draws(6));
  });
});

describe('sticky', () => {
  const members = [`${A} weight=2`, `${B} weight=1`, `${C} weight=1`, `${D} weight=4`];
  const client = (i: number): string => `10.${i >> 8}.${i & 255}.7`;
  const CLIENTS = 4_000;
  const assign = (stage: Stage): string[] =>
    Array.from({ length: CLIENTS }, (_, i) => stage.choose(Projection.IPV4, client(i)).join());

  test('gives a client the same again, in any server', () => {
    expect(assign(new Stage([...members, '* sticky=client'], 1))).toEqual(
      assign(new Stage([...members.toReversed(), '* sticky=client'], 2)),
    );
  });

  test('gives out clients by weight', () => {
    const counts = new Map<string, number>();
    for (const member of assign(new Stage([...members, '* sticky=client'])))
      counts.set(member, (counts.get(member) ?? 0) + 1);
    for (const [member, share] of [
      [A, 0.25],
      [B, 0.125],
      [C, 0.125],
      [D, 0.5],
    ] as const) {
      const tolerance = SIGMAS * Math.sqrt(CLIENTS * share * (1 - share));
      expect(Math.abs((counts.get(member) ?? 0) - CLIENTS * share), member).toBeLessThanOrEqual(tolerance);
    }
  });

  test.each([0, 1, 2, 3])('moves only the clients of member %i when it goes', (gone) => {
    const before = assign(new Stage([...members, '* sticky=client']));
    const after = assign(new Stage([...members.toSpliced(gone, 1), '* sticky=client']));
    const [who] = (members[gone] as string).split(' ');
    for (const [i, member] of before.entries()) {
      if (member === who) expect(after[i]).not.toBe(who);
      else expect(after[i]).toBe(member);
    }
  });

  test('goes by the network, and says so', () => {
    const stage = new Stage([...members, '* sticky=client']);
    const same = (a: string, b: string, bits?: number): boolean =>
      stage.choose(Projection.IPV4, a, bits).join() === stage.choose(Projection.IPV4, b, bits).join();
    for (let i = 0; i < 100; i++) {
      expect(same(`10.1.${i}.1`, `10.1.${i}.200`)).toBe(true);
      expect(stage.choice.scope).toBe(24);
      expect(same(`2001:db8:${i}:aa11::1`, `2001:db8:${i}:aabb::2`)).toBe(true);
      expect(stage.choice.scope).toBe(56);
      expect(same(`::ffff:10.1.${i}.1`, `10.1.${i}.9`)).toBe(true);
    }
    // What is not known of the client makes no difference.
    expect(same('10.1.0.0', '10.1.0.0', 16)).toBe(true);
    expect(stage.choice.scope).toBe(16);
  });

  test('takes one of weight 0 when nothing else is left', () => {
    const stage = new Stage([`${A} weight=0`, `${B} weight=1`, '* answers=2 sticky=client']);
    for (let i = 0; i < 100; i++) expect(stage.choose(Projection.IPV4, client(i))).toEqual([B, A]);
  });
});

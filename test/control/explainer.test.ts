/**
 * Choices from pools as they are told to people, against texts that were read through once
 * (test/golden/explain): each stage, each state of a member, and nobody at all.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseIp } from '../../src/base/ip.ts';
import { type Prefix, parsePrefix } from '../../src/base/prefix.ts';
import { Explainer } from '../../src/control/explainer.ts';
import type { House } from '../../src/control/house.ts';
import type { InquiryDesk } from '../../src/control/inquiries.ts';
import { ownerText } from '../../src/control/pool-seats.ts';
import type { HealthInquiries } from '../../src/control/prober-letters.ts';
import type { ToldMember } from '../../src/health/told.ts';
import { Flattened, HostState } from '../../src/pool/flattened.ts';
import { HostSlots } from '../../src/pool/host-slots.ts';
import { MemberWord, membersOf, poolsIn, Status, UNTIL_EVER } from '../../src/pool/plan.ts';
import type { ToldHost } from '../../src/server/host-keeper.ts';
import { explanationText } from '../../src/tools/explain-print.ts';
import { typeFromText } from '../../src/wire/codes.ts';
import { nameHash } from '../../src/wire/name.ts';
import { PoolKind } from '../../src/wire/pool.ts';
import { Float, mmdb } from '../pool/mmdb.ts';
import { tableMemory } from '../pool/tables.ts';
import { catalog, name, SOA_AND_NS } from '../support/authority.ts';

const slots = new HostSlots();
const zones = catalog(
  {
    'z.test': `$TTL 60
${SOA_AND_NS}
states POOL 192.0.2.1 check=w
states POOL 192.0.2.2 check=w
states POOL 192.0.2.3 check=w
states POOL 192.0.2.4 check=w
states POOL 192.0.2.5 check=w
states POOL 192.0.2.6 check=w
states POOL 192.0.2.7
states POOL * sticky=client answers=9
out POOL 192.0.2.1 check=w
out POOL * all-down=nodata
last POOL 192.0.2.1 check=w
last POOL 192.0.2.2 check=w
last POOL * all-down=last-good
far POOL 192.0.2.1 near=52.4,4.9 port=443
far POOL 192.0.2.2 near=37.8,-122.4 bias=100 port=443
far POOL * sticky=client
mixed POOL 192.0.2.1 asn=64496
mixed POOL 192.0.2.2 geo=EU
mixed POOL 192.0.2.3
tiers POOL 192.0.2.1 tier=7
tiers POOL 192.0.2.2
sticky POOL 192.0.2.1 weight=1
sticky POOL 192.0.2.2 weight=0
sticky POOL * sticky=client
canary POOL v1 weight=1
canary POOL v2 weight=0
canary POOL * as=cname
v1 A 192.0.2.11
v2 A 192.0.2.12
used POOL use=far.other.test.
hosts POOL known.example.
hosts POOL unknown.example.
viewed POOL seen.example. check=w
viewed POOL known.example.
viewed POOL * sticky=client answers=9
family POOL seen.example. check=w
family POOL 2001:db8::9
gone POOL use=none.other.test.
`,
    'other.test': `$TTL 60
${SOA_AND_NS}
far 30 POOL 192.0.2.77
`,
  },
  slots,
);

const { SHARE, PENDING, HELD, CHECKED, EJECT_SPARED, LAST_GOOD } = Status;
const STATUSES = [
  CHECKED | SHARE,
  CHECKED | (SHARE >> 2),
  CHECKED | PENDING,
  CHECKED,
  CHECKED | HELD,
  CHECKED | SHARE | EJECT_SPARED,
];

/** As the prober writes it: of each member of a pool in turn. */
function note(pool: string, statuses: readonly number[]): void {
  const [image] = zones.images;
  const plan = image?.pools as Int32Array;
  for (const at of poolsIn(plan)) {
    if (image === undefined || ownerText(image, plan, at) !== pool) continue;
    for (const [i, member] of [...membersOf(plan, at)].entries()) {
      plan[member + MemberWord.STATUS] = statuses[i] ?? SHARE;
      plan[member + MemberWord.UNTIL] = UNTIL_EVER;
    }
  }
}

const table = tableMemory(
  [
    'city',
    mmdb([
      [
        '198.51.100.0/24',
        {
          ...{ continent: { code: 'EU' }, country: { iso_code: 'NL' }, subdivisions: [{ iso_code: 'NH' }] },
          location: { latitude: new Float(52.3), longitude: new Float(4.8) },
        },
      ],
    ]),
  ],
  ['asn', mmdb([['198.51.0.0/16', { autonomous_system_number: 64_496 }]])],
);

const hosts = new Flattened(slots.memory as SharedArrayBuffer);
const known = name('known.example.');
for (const [kind, addresses] of [
  [PoolKind.IPV4, [Uint8Array.of(192, 0, 2, 99)]],
  [PoolKind.IPV6, []],
] as const)
  hosts.write(slots.slotOf(known), nameHash(known), kind, HostState.STALE, addresses, 0);

/** As the prober has it: one of two IPv4 addresses is up, and no IPv6 address. */
const seen = name('seen.example.');
const view = slots.viewOf(seen, 0, Uint8Array.of(1, 0x77));
const told6 = [parseIp('2001:db8::1') as Uint8Array];
const told4 = [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)];
for (const [slot, kind, state, addresses] of [
  [slots.slotOf(seen), PoolKind.IPV4, HostState.STALE, told4],
  [slots.slotOf(seen), PoolKind.IPV6, HostState.STALE, told6],
  [view, PoolKind.IPV4, HostState.STALE, told4.slice(0, 1)],
  [view, PoolKind.IPV6, HostState.DOWN, told6],
] as const)
  hosts.write(slot, nameHash(seen), kind, state, addresses, 0);

const settings = {
  ...{ allowQuery: undefined, recursion: { enabled: false } },
  pools: { showTo: ['127.0.0.1'], subnetsFrom: ['203.0.113.53'], state: undefined },
};

/** What the prober says of one member, and of others nothing. */
const told: ToldMember[] = [
  {
    ...{ pool: 'states.z.test.', member: '192.0.2.4', port: 0, share: 0 },
    ...{ isPending: false, isHeld: false, isSpared: false },
    targets: [
      {
        ...{ check: 'w', address: '192.0.2.4', port: 80, standing: 'down', forMs: 12_000, nextMs: 500 },
        last: { isUp: false, why: 'status 500', agoMs: 400 },
      },
    ],
  },
  {
    ...{ pool: 'viewed.z.test.', member: 'seen.example.', port: 0, share: 1 },
    ...{ isPending: false, isHeld: false, isSpared: false },
    targets: (['192.0.2.1', '192.0.2.2', '2001:db8::1'] as const).map((address) => ({
      ...{ check: 'w', address, port: 80, forMs: 12_000, nextMs: 500 },
      standing: address === '192.0.2.1' ? 'up' : 'down',
      last: { isUp: address === '192.0.2.1', why: 'as the test says', agoMs: 400 },
    })),
  },
];

/** What the resolver thread says of hosts. */
const troubles: ToldHost[] = ['A', 'AAAA'].map((type) => ({
  ...{
    host: 'known.example.',
    type,
    why: 'SERVFAIL: no server answered\u001b[2J',
    agoMs: 2_000,
    nextMs: 900,
  },
}));

const explainer = new Explainer(
  {
    served: { catalog: zones, origins: new Map(), places: { table } },
    settings,
    hosts: { table: hosts },
  } as unknown as House,
  {
    isOpen: true,
    ask: async (_: string, { hosts }: { hosts: string[] }) =>
      troubles.filter(({ host }) => hosts.includes(host)),
  } as unknown as InquiryDesk,
  { isOpen: true, ask: async () => told } as unknown as InquiryDesk<HealthInquiries>,
);

async function text(question: string, from = '198.51.100.7', subnet?: string): Promise<string> {
  const [owner = '', type = 'A'] = question.split(' ');
  return explanationText(
    await explainer.explain({
      ...{ name: name(`${owner}.test.`), type: typeFromText(type) as number, isFresh: false },
      from: parseIp(from) as Uint8Array,
      subnet: subnet === undefined ? undefined : (parsePrefix(subnet) as Prefix),
    }),
  );
}

test('choices from pools, as people read them', async () => {
  note('states.z.test.', STATUSES);
  note('out.z.test.', [CHECKED]);
  note('last.z.test.', [CHECKED | LAST_GOOD, CHECKED]);
  for (const owner of ['viewed', 'family']) note(`${owner}.z.test.`, [CHECKED | SHARE]);
  const texts = [
    await text('states.z'),
    await text('out.z'),
    await text('last.z'),
    await text('far.z'),
    await text('far.z', '192.0.2.200'),
    await text('far.z HTTPS', '203.0.113.53', '198.51.100.0/24'),
    await text('mixed.z'),
    await text('mixed.z', '203.0.113.53', '198.51.100.0/20'),
    await text('mixed.z', '203.0.113.54', '198.51.100.0/20'),
    await text('tiers.z'),
    await text('sticky.z'),
    await text('canary.z'),
    await text('used.z'),
    await text('used.z AAAA'),
    await text('gone.z'),
    await text('hosts.z'),
    await text('hosts.z AAAA'),
    await text('viewed.z'),
    await text('viewed.z AAAA'),
    await text('family.z AAAA'),
    await text('states.z POOL', '127.0.0.1'),
    await text('states.z POOL'),
  ];
  const golden = join(import.meta.dirname, '../golden/explain/pools.txt');
  await expect(texts.join('\n')).toMatchFileSnapshot(golden);
});

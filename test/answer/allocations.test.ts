/** What choosing costs beside time: nothing. */
import { expect, test } from 'vitest';
import { allocations } from '../../bench/allocations.ts';
import { Flattened, HostState } from '../../src/pool/flattened.ts';
import { HostSlots } from '../../src/pool/host-slots.ts';
import { nameHash } from '../../src/wire/name.ts';
import { PoolKind } from '../../src/wire/pool.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { catalog, client, name, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';

const ROUNDS = 2_000;
/** One of two queries may make the smallest object there is, until the compiler has seen enough of them. */
const BYTES_MAX = 8;

const slots = new HostSlots();
const zones = catalog(
  {
    'z.test': `$TTL 60
${SOA_AND_NS}weighted POOL 192.0.2.1 weight=1 check=web
weighted POOL 192.0.2.2 weight=2 check=web
sticky POOL 192.0.2.1 port=1 alpn=h2
sticky POOL 192.0.2.2 port=1 alpn=h2
sticky POOL * sticky=client answers=1
placed POOL 192.0.2.1 net=127.0.0.0/8
placed POOL 192.0.2.2
use POOL use=weighted
alias POOL www.z.test.
alias POOL * as=cname
host POOL www.example.
viewed POOL www.example. check=web
viewed POOL 192.0.2.1
www A 192.0.2.1
`,
  },
  slots,
);
const hosts = new Flattened(slots.memory as SharedArrayBuffer);
const www = name('www.example.');
for (const [kind, addresses] of [
  [PoolKind.IPV4, [Uint8Array.of(192, 0, 2, 7), Uint8Array.of(192, 0, 2, 8)]],
  [PoolKind.IPV6, []],
] as const)
  hosts.write(slots.slotOf(www), nameHash(www), kind, HostState.KNOWN, addresses, 3_600_000);
const view = slots.viewOf(www, 0, Uint8Array.of(3, 0x77, 0x65, 0x62));
hosts.write(view, nameHash(www), PoolKind.IPV4, HostState.DOWN, [Uint8Array.of(192, 0, 2, 7)], 3_600_000);

const ASKED = [
  'weighted A',
  'sticky A',
  'sticky SRV',
  'sticky HTTPS',
  'placed A',
  'use A',
  'use AAAA',
  'alias A',
  'host A',
  'host AAAA',
  'viewed A',
];

test('a choice makes no garbage, whatever is asked for', async () => {
  const subject = pipeline(zones, { world: new VirtualWorld(), hosts });
  const packets = ASKED.map((asked) => queryFor(asked.replace(' ', '.z.test '), { udpSize: 1232 }));
  const who = client();
  const out = new Uint8Array(65_535);
  const noSend = (): void => undefined;
  const run = (): void => {
    for (let i = 0; i < ROUNDS; i++)
      for (const packet of packets) subject.answer(packet, packet.length, who, out, noSend);
  };
  for (let warm = 0; warm < 5; warm++) run();
  const { bytesPerQuery, allocators } = await allocations(run, ROUNDS * packets.length);
  expect(bytesPerQuery, allocators.join()).toBeLessThan(BYTES_MAX);
});

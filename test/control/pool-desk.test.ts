/** What operators are told of members that they hold. */
import { expect, test } from 'vitest';
import { InquiryDesk } from '../../src/control/inquiries.ts';
import { PoolDesk } from '../../src/control/pool-desk.ts';
import type { HealthInquiries } from '../../src/control/prober-letters.ts';
import { MemberWord, membersOf, poolsIn, Status } from '../../src/pool/plan.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';

test('a member with two ports goes by the one that is up, whichever comes first', async () => {
  const pool = 'www POOL 192.0.2.1 port=80 check=w\nwww POOL 192.0.2.1 port=81 check=w\n';
  const zones = catalog({ 'z.test': `$TTL 60\n${SOA_AND_NS}${pool}` });
  const plan = zones.images[0]?.pools as Int32Array;
  const members = [...poolsIn(plan)].flatMap((at) => [...membersOf(plan, at)]);
  const note = (status: number, i: number): void => {
    plan[(members[i] as number) + MemberWord.STATUS] = Status.CHECKED | status;
  };
  for (const up of [0, 1]) {
    for (const i of [0, 1]) note(i === up ? Status.SHARE : 0, i);
    const world = new VirtualWorld();
    const hold = (): boolean => {
      for (const i of [0, 1]) note(Status.HELD, i);
      return true;
    };
    const house = { served: { catalog: zones }, settings: {} } as ConstructorParameters<typeof PoolDesk>[0];
    const inquiries = new InquiryDesk<HealthInquiries>(world);
    const desk = new PoolDesk(house, { hold, held: [], report: async () => 0, inquiries }, world);
    const { places } = await desk.hold(nameFromText('www.z.test'), '192.0.2.1', 'drain');
    expect(places).toEqual([{ pool: 'www.z.test.', was: 'up', is: 'drained', others: 0 }]);
  }
});

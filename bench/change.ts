/**
 * A change of 100 names of the zone, from the call to published: prints one line
 * of JSON. Run by run.ts in a process of its own: node bench/change.ts ZONEFILE APEX
 */
import { dirname } from 'node:path';
import { assert } from '../src/base/assert.ts';
import { ZoneKeeper } from '../src/control/zone-keeper.ts';
import { Type } from '../src/wire/codes.ts';
import { HashedName } from '../src/wire/hashed-name.ts';
import { nameFromText } from '../src/wire/name.ts';
import { packRrset } from '../src/wire/rrset.ts';
import { Catalog } from '../src/zone/catalog.ts';
import { complaintText } from '../src/zone/complaint.ts';
import { loadZones } from '../src/zone/loader.ts';
import { Finding, lookup } from '../src/zone/lookup.ts';
import { rebuild } from '../src/zone/rebuild.ts';
import type { Change } from '../src/zone/thaw.ts';

const NAMES = 100;
const ROUNDS = 51;

export interface ChangeRow {
  readonly records: number;
  /** The first change of a process, before anything is compiled by the engine. */
  readonly firstMs: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** What all rounds together added to the resident memory. */
  readonly addedMb: number;
}

const [file = '', apex = ''] = process.argv.slice(2);
const { zones, complaints } = await loadZones([{ apex, file, root: dirname(file) }]);
if (zones.length !== 1) throw new Error(complaints.map(complaintText).join('\n'));
const keeper = new ZoneKeeper(new Catalog(zones.map(({ image }) => image)), {
  publish: () => {},
  rebuild,
  onBug: (bug) => {
    throw bug;
  },
});

/** Half of them names of the zone, half new ones. */
const changesOf = (round: number): Change[] =>
  Array.from({ length: NAMES }, (_, i) => ({
    name: nameFromText(`${i % 2 === 0 ? `h${997 * i}` : `new${round}-${i}`}.${apex}`) as Uint8Array,
    rrsets: [packRrset(Type.A, 300, [Uint8Array.of(192, 0, 2, round)])],
  }));

const zoneName = nameFromText(apex) as Uint8Array;
const asked = new HashedName();
const before = process.memoryUsage.rss();
const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const changes = changesOf(round);
  const began = performance.now();
  const refused = await keeper.change(zoneName, changes);
  times.push(performance.now() - began);
  assert(refused.length === 0, 'the change is made');
  asked.set((changes[1] as Change).name, 0);
  const [zone] = keeper.catalog.images;
  assert(zone !== undefined && lookup(zone, asked, Type.A, new Finding()).kind === 'data', 'and seen');
}
const sorted = times.toSorted((a, b) => a - b);
const row: ChangeRow = {
  records: keeper.catalog.recordCount,
  firstMs: times[0] as number,
  medianMs: sorted[ROUNDS >> 1] as number,
  worstMs: sorted.at(-1) as number,
  addedMb: (process.memoryUsage.rss() - before) / 2 ** 20,
};
console.log(JSON.stringify(row));

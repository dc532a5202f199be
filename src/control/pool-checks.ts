/**
 * Whether the checks that pools name may be done: what a zone's own checks cannot know. In: zones as they
 * were loaded, and the settings. Out: warnings, of each kind one for each zone and check.
 */
import { type Check, probedPort } from '../health/check.ts';
import { type Refuses, refusesProbes } from '../health/reach.ts';
import { checkNames } from '../health/reading.ts';
import { Type } from '../wire/codes.ts';
import { nameKey, nameText, ownName } from '../wire/name.ts';
import { findAttribute, PoolKey, PoolKind, poolKind } from '../wire/pool.ts';
import { memberText } from '../wire/pool-record.ts';
import { rdatasOf, rrsetType } from '../wire/rrset.ts';
import type { Complaint } from '../zone/complaint.ts';
import { NodeFlag } from '../zone/image.ts';
import type { LoadedZone } from '../zone/loader.ts';
import { latestOf } from '../zone/thaw.ts';
import { ownDoors } from './prober-thread.ts';
import type { Settings } from './settings.ts';

type Zone = Pick<LoadedZone, 'image' | 'changes' | 'origin'>;

export function checkPools(
  zones: readonly Zone[],
  { checks, probes, listen, http }: Pick<Settings, 'checks' | 'probes' | 'listen' | 'http'>,
): Complaint[] {
  const refuses = refusesProbes(probes, ownDoors(listen, http.listen));
  const known = new Map(checks.map((check) => [check.name, check]));
  return zones.flatMap((zone) => {
    const findings = new Findings(known, refuses);
    for (const [owner, rdata] of membersIn(zone)) findings.look(owner, rdata);
    return findings.complaints(zone.origin.content.files[0]?.path ?? zone.image.apexText);
  });
}

/** Owner and RDATA of each, changes of the zone laid over it. */
function* membersIn({ image, changes }: Zone): Generator<readonly [owner: string, rdata: Uint8Array]> {
  const changed = latestOf(changes);
  for (const { name, rrsets } of changed.values()) {
    for (const block of rrsets.filter((each) => rrsetType(each, 0) === Type.POOL))
      for (const rdata of rdatasOf(block)) yield [nameText(name), rdata];
  }
  if (!image.hasPools) return;
  for (const node of image.nodes()) {
    if (!image.has(node, NodeFlag.POOL)) continue;
    const name = ownName(image.bytes, image.nameAt(node));
    if (changed.has(nameKey(name))) continue;
    for (const rdata of rdatasOf(image.bytes, image.rrset(node, Type.POOL))) yield [nameText(name), rdata];
  }
}

interface Finding {
  readonly text: string;
  /** Members of which it is said. */
  count: number;
}

class Findings {
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #refuses: Refuses;
  readonly #found = new Map<string, Finding>();

  constructor(checks: ReadonlyMap<string, Check>, refuses: Refuses) {
    this.#checks = checks;
    this.#refuses = refuses;
  }

  look(owner: string, rdata: Uint8Array): void {
    const value = findAttribute(rdata, 0, rdata.length, PoolKey.CHECK);
    for (const name of checkNames(rdata, value)) {
      const check = this.#checks.get(name);
      // Without it the zone would not have been loaded (zone/check-pools).
      if (check !== undefined && check.procedure.kind !== 'external') this.#lookAt(owner, rdata, check);
    }
  }

  complaints(file: string): Complaint[] {
    // Nodes lie in no order.
    const found = [...this.#found.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
    return found.map(({ text, count }) => ({
      ...{ file, line: 0, column: 0, severity: 'warning' },
      text: count > 1 ? `${text}; so it is with ${count - 1} more` : text,
    }));
  }

  #lookAt(owner: string, rdata: Uint8Array, check: Check): void {
    const portAt = findAttribute(rdata, 0, rdata.length, PoolKey.PORT);
    const memberPort =
      portAt === 0 ? undefined : ((rdata[portAt] as number) << 8) | (rdata[portAt + 1] as number);
    const port = probedPort(check, memberPort);
    const why = port === undefined ? 'neither says at which port' : this.#refusal(rdata, port);
    if (why === undefined) return;
    const hint = port === undefined ? '' : ', unless probes.allow has its network';
    const who = `${owner} POOL ${memberText(rdata, 0)}`;
    const text = `${who}: not probed by ${check.name} (${why}), and up all the time${hint}`;
    this.#note(`${check.name} ${why}`, text);
  }

  /** What addresses a host has is found out later (health/reading). */
  #refusal(rdata: Uint8Array, port: number): string | undefined {
    return poolKind(rdata, 0) === PoolKind.HOST
      ? undefined
      : this.#refuses({ address: memberText(rdata, 0), port });
  }

  #note(key: string, text: string): void {
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { text, count: 1 });
    else known.count++;
  }
}

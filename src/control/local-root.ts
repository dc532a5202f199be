/**
 * The operator's copy of the root zone, for the resolver alone (RFC 8806). It is read and checked as zones
 * are, and served to nobody: what it delegates need not be asked for. In: its file, and what was read before.
 * Out: its image, and until when it may be used.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { u32 } from '../base/bytes.ts';
import { firstRr, nextRr } from '../wire/rrset.ts';
import { Catalog } from '../zone/catalog.ts';
import { type Loaded, type LoadedZone, loadZones, type Served } from '../zone/loader.ts';

export interface LocalRoot {
  readonly zone: LoadedZone;
  /** Seconds since 1970. */
  readonly untilSeconds: number;
}

export interface LocalRootRead extends Pick<Loaded, 'complaints' | 'files'> {
  /** Undefined where there are complaints that are errors. */
  readonly localRoot: LocalRoot | undefined;
}

export async function readLocalRoot(file: string, before: LocalRoot | undefined): Promise<LocalRootRead> {
  const modified = await stat(file).catch(() => undefined);
  const zoneFile = { apex: '.', file, root: dirname(file) };
  const again = await loadZones([zoneFile], before && servedAs(before));
  // What is used is not changed but replaced: nobody answers from it.
  const hasChanged = again.zones.some(({ changes }) => changes.length > 0);
  const { zones, complaints, files } = hasChanged ? await loadZones([zoneFile]) : again;
  const [zone] = zones;
  if (zone === undefined || modified === undefined) return { localRoot: undefined, complaints, files };
  const untilSeconds = modified.mtimeMs / 1_000 + expireOf(zone);
  return { localRoot: { zone, untilSeconds }, complaints, files };
}

const servedAs = ({ zone: { image, origin } }: LocalRoot): Served => ({
  catalog: new Catalog([image]),
  origins: new Map([[image.apexText, origin]]),
});

/** RFC 1035 §3.3.13; RFC 8806 §2: older than that, it is not used. */
function expireOf({ image }: LoadedZone): number {
  const end = nextRr(image.bytes, firstRr(image.soaAt));
  return u32(image.bytes, end - 8);
}

/**
 * Reads everything that the settings name: zones, root hints, hosts. All of it or nothing: who calls takes
 * `Loadout`, which is there only when there is no error among the complaints.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LoadedPlaces } from '../pool/places-loader.ts';
import type { NameServer } from '../resolver/delegation.ts';
import { parseHosts } from '../resolver/hosts.ts';
import { parseRootHints } from '../resolver/root-hints.ts';
import { type LoadedList, loadRules } from '../rules/loader.ts';
import { Catalog } from '../zone/catalog.ts';
import { type Complaint, hasErrors } from '../zone/complaint.ts';
import { type LoadedZone, loadZones, type Served } from '../zone/loader.ts';
import { type LocalRoot, type LocalRootRead, readLocalRoot } from './local-root.ts';
import { readPlaces } from './places.ts';
import { checkPools } from './pool-checks.ts';
import type { Settings } from './settings.ts';
import { VERSION } from './version.ts';
import { type Prints, takePrints, type Watched } from './watch.ts';
import { listZoneFiles } from './zone-files.ts';

/** The root servers of the IANA; comes with the program. */
const ROOT_HINTS_FILE = fileURLToPath(new URL('../../zones/root.hints', import.meta.url));

export interface Loadout {
  readonly catalog: Catalog;
  /** What the catalog was made of. */
  readonly zones: readonly LoadedZone[];
  readonly rootHints: readonly NameServer[];
  /** Of a hosts file without mistakes; another thread reads it again. */
  readonly hostsText: string | undefined;
  readonly localRoot?: LocalRoot | undefined;
  readonly rules: readonly LoadedList[];
  /** Where clients are. */
  readonly places?: LoadedPlaces | undefined;
}

/** What is answered from. */
export interface AllServed extends Served, Pick<Loadout, 'localRoot' | 'rules' | 'places'> {}

export interface Reading {
  readonly loadout: Loadout | undefined;
  readonly complaints: readonly Complaint[];
  /** The zone files, to notice when they change, and what they were before they were read. */
  readonly watched: Watched;
  readonly prints: Prints;
  readonly zoneCount: number;
}

/** `served` is what is answered from now: what has not changed is taken over, and serials are compared. */
export async function readAll(settings: Settings, served?: AllServed): Promise<Reading> {
  const complaints: Complaint[] = [];
  const zoneFiles = await listZoneFiles(settings, complaints);
  const { localRoot: rootFile, rules: lists } = settings.recursion;
  const databases = settings.places ?? [];
  const others = [rootFile, ...[...lists, ...databases].map(({ file }) => file)].filter(
    (file) => file !== undefined,
  );
  const watchable = { folder: settings.zones, files: [...zoneFiles.map(({ file }) => file), ...others] };
  const before = await takePrints(watchable);
  const rules = await loadRules(settings.recursion.enabled ? lists : [], served?.rules);
  complaints.push(...rules.complaints);
  const { images: folder } = settings.cache;
  const loading = loadZones(
    zoneFiles,
    served,
    folder === undefined ? undefined : { folder, program: VERSION },
    new Set(settings.checks.map(({ name }) => name)),
  );
  const hints = await readHints(settings, complaints);
  const hostsText = await readHosts(settings, complaints);
  const { zones: loaded, files: zoneFilesRead, complaints: zoneComplaints } = await loading;
  const root = await localRootOf(settings, served?.localRoot);
  const images = loaded.map(({ image }) => image);
  const { places, complaints: placeComplaints } = await readPlaces(
    settings.places,
    images,
    served?.places,
    served === undefined,
  );
  const files = [...zoneFilesRead, ...root.files];
  const poolComplaints = checkPools(loaded, settings);
  complaints.push(...zoneComplaints, ...root.complaints, ...placeComplaints, ...poolComplaints);
  const isWhole = !hasErrors(complaints);
  const watched = { ...watchable, files: [...new Set([...watchable.files, ...files])], anyName: !isWhole };
  // Only the loader knows what was included, so these files are looked at after they were read.
  const prints = new Map([...(await takePrints({ folder: undefined, files })), ...before]);
  const zones = isWhole ? loaded : [];
  const catalog = new Catalog(zones.map(({ image }) => image));
  const { localRoot } = root;
  const loadout = isWhole
    ? { catalog, zones, rootHints: hints, hostsText, localRoot, rules: rules.lists, places }
    : undefined;
  return { loadout, complaints, watched, prints, zoneCount: zoneFiles.length };
}

const localRootOf = ({ recursion }: Settings, before: LocalRoot | undefined): Promise<LocalRootRead> =>
  recursion.enabled && recursion.localRoot !== undefined
    ? readLocalRoot(recursion.localRoot, before)
    : Promise.resolve({ localRoot: undefined, complaints: [], files: [] });

export const countFrom = (from: LoadedZone['from'], zones: readonly LoadedZone[]): number =>
  zones.filter((zone) => zone.from === from).length;

/** Also where clients may not recurse: for the hosts that are members of pools. */
async function readHints({ recursion }: Settings, complaints: Complaint[]): Promise<readonly NameServer[]> {
  const file = recursion.rootHints ?? ROOT_HINTS_FILE;
  const text = await readText(file, 'a file of root hints', complaints);
  if (text === undefined) return [];
  const read = parseRootHints(text, file);
  complaints.push(...read.complaints);
  return read.rootHints;
}

async function readHosts({ hosts: file }: Settings, complaints: Complaint[]): Promise<string | undefined> {
  const text = file === false ? undefined : await readText(file, 'a hosts file', complaints);
  if (file === false || text === undefined) return undefined;
  complaints.push(...parseHosts(text, file).complaints);
  return text;
}

async function readText(file: string, what: string, complaints: Complaint[]): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const text = `expected ${what} that can be read (${(error as Error).message.split(', ')[0]})`;
    complaints.push({ file, line: 0, column: 0, severity: 'error', text });
    return undefined;
  }
}

/**
 * Which zones there are: every `NAME.zone` of the zones' folder, and those named one by one. In: settings.
 * Out: what `zone/loader` takes, or complaints. Hidden files and folders are not zones.
 */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Complaint } from '../zone/complaint.ts';
import type { ZoneFile } from '../zone/loader.ts';
import type { Settings } from './settings.ts';

const SUFFIX = '.zone';
/** The root's name, a dot, would make a hidden file. */
const ROOT_FILE = `root${SUFFIX}`;

/** In order of file names, so that two loads of the same folder say the same. */
export async function listZoneFiles(
  settings: Pick<Settings, 'zones' | 'zone'>,
  complaints: Complaint[],
): Promise<ZoneFile[]> {
  const named = Object.entries(settings.zone).map(([apex, file]) => ({ apex, file, root: dirname(file) }));
  if (settings.zones === undefined) return named;
  const root = settings.zones;
  const files = await plainFiles(root, complaints);
  const zones = files.filter(isZoneFile).map((file) => ({
    apex: file === ROOT_FILE ? '.' : file.slice(0, -SUFFIX.length),
    file: join(root, file),
    root,
  }));
  return [...zones, ...named];
}

export const isZoneFile = (file: string): boolean => file.endsWith(SUFFIX) && !file.startsWith('.');

/** Symbolic links count as what they lead to; what leads nowhere is told when it is read. */
async function plainFiles(folder: string, complaints: Complaint[]): Promise<string[]> {
  try {
    const names = (await readdir(folder)).sort();
    const plain = await Promise.all(names.map((name) => isPlainOrMissing(join(folder, name))));
    return names.filter((_, i) => plain[i]);
  } catch (error) {
    const [why] = (error as Error).message.split(', ');
    const text = `expected a folder of zone files that can be read (${why})`;
    complaints.push({ file: folder, line: 0, column: 0, severity: 'error', text });
    return [];
  }
}

const isPlainOrMissing = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isFile(),
    () => true,
  );

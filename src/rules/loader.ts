/**
 * Lists of rules to images, off the answering threads: a worker reads and compiles, hands back shared memory
 * and complaints, and ends. A list that is as it was is not compiled again. All lists or none: who calls
 * decides on the complaints.
 */
import type { Complaint } from '../zone/complaint.ts';
import { askWorker } from '../zone/worker.ts';
import { RuleImage } from './image.ts';
import type { RuleListSettings } from './settings.ts';

export interface LoadedList {
  readonly settings: RuleListSettings;
  readonly image: SharedArrayBuffer;
  /** Of all that the image depends on. */
  readonly digest: string;
}

export const countRules = (lists: readonly LoadedList[]): number =>
  lists.reduce((sum, { image }) => sum + new RuleImage(image).rules, 0);

/** What the worker is given, and what it gives back. */
export interface RuleOrder {
  readonly lists: readonly { readonly settings: RuleListSettings; readonly served: string | undefined }[];
  readonly isStart: boolean;
}
export interface RuleReport {
  /** One for each list; no image where the one that is served stays, or could not be made. */
  readonly results: readonly { readonly image: SharedArrayBuffer | undefined; readonly digest: string }[];
  readonly complaints: readonly Complaint[];
}

/** `served` are the lists that are answered from, by which those that have not changed are known. */
export async function loadRules(
  lists: readonly RuleListSettings[],
  served: readonly LoadedList[] | undefined,
): Promise<{ lists: readonly LoadedList[]; complaints: readonly Complaint[] }> {
  if (lists.length === 0) return { lists: [], complaints: [] };
  const before = new Map(served?.map((list) => [list.settings.name, list]));
  const order: RuleOrder = {
    lists: lists.map((settings) => ({ settings, served: before.get(settings.name)?.digest })),
    isStart: served === undefined,
  };
  const { results, complaints } = await askWorker<RuleReport>(
    new URL('./loader-worker.ts', import.meta.url),
    order,
  );
  const loaded = lists.flatMap((settings, i): LoadedList[] => {
    const { image, digest } = results[i] as RuleReport['results'][number];
    const old = before.get(settings.name);
    if (image === undefined) return old?.digest === digest ? [{ ...old, settings }] : [];
    if (old !== undefined) new RuleImage(image).countOn(new RuleImage(old.image));
    return [{ settings, image, digest }];
  });
  return { lists: loaded, complaints };
}

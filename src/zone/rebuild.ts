/**
 * Compiles a zone anew from the image that is served, changes made on the way, in a worker: what was appended
 * is folded in, what is gone takes no room any more, and all checks are made. Who reads the old image goes on
 * meanwhile.
 */
import type { Complaint } from './complaint.ts';
import { Image, type ImageVersion } from './image.ts';
import type { Change } from './thaw.ts';
import { askWorker } from './worker.ts';

export interface RebuildJob extends ImageVersion {
  readonly changes: readonly Change[];
}

/** Without an image where there is an error among the complaints. */
export interface RebuildResult {
  readonly image: SharedArrayBuffer | undefined;
  readonly complaints: readonly Complaint[];
}

export type Rebuilt =
  | { readonly image: Image }
  | { readonly image: undefined; readonly complaints: readonly Complaint[] };

export async function rebuild({ buffer, end }: Image, changes: readonly Change[]): Promise<Rebuilt> {
  const job: RebuildJob = { buffer, end, changes };
  const { image, complaints } = await askWorker<RebuildResult>(
    new URL('./rebuild-worker.ts', import.meta.url),
    job,
  );
  return image === undefined ? { image, complaints } : { image: new Image(image) };
}

/**
 * The thin driver: runs a resolution, which decides, over whoever grants its wishes, at once or later.
 */
import type { Happening, Steps, Wish } from './wish.ts';

/** Grants a wish: says what happened, or goes on, or gives up, when that is known. */
export type Grant = (
  wish: Wish,
  goOn: (happening: Happening) => void,
  giveUp: (bug: unknown) => void,
) => Happening | undefined;

/** Without a promise: thousands of resolutions wait at a time, and each is to weigh little. */
export function drive<Result>(
  steps: Steps<Result>,
  grant: Grant,
  end: (result: Result) => void,
  onBug: (bug: unknown) => Result,
): void {
  const giveUp = (bug: unknown): void => end(onBug(bug));
  const goOn = (happening?: Happening): void => {
    let result: Result;
    try {
      let step = happening === undefined ? steps.next() : steps.next(happening);
      while (!step.done) {
        const next = grant(step.value, goOn, giveUp);
        if (next === undefined) return;
        step = steps.next(next);
      }
      result = step.value;
    } catch (bug) {
      result = onBug(bug);
    }
    end(result);
  };
  goOn();
}

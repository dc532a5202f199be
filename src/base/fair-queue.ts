/**
 * What waits, in flows that are served in turn (fair queueing: Nagle, RFC 970 §5): a flow that brings much
 * waits for itself, and one that brings little does not wait for it. In a flow, first come is first served.
 * When so much waits that no more should, a flow may add to it what makes up its share, and no more.
 */
import { Roster } from './roster.ts';

export class FairQueue<Item> {
  readonly #max: number;
  readonly #flows = new Roster<string, Item[]>();
  /** Goes on where it was, also over flows that come and go meanwhile. */
  #turn = this.#flows[Symbol.iterator]();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** False where there is no room for it. */
  put(flow: string, item: Item): boolean {
    const waiting = this.#flows.get(flow);
    if (waiting === undefined) this.#flows.set(flow, [item]);
    else if (this.#size >= this.#max && waiting.length * this.#flows.size >= this.#max) return false;
    else waiting.push(item);
    this.#size++;
    return true;
  }

  take(): Item | undefined {
    if (this.#size === 0) return undefined;
    let next = this.#turn.next();
    if (next.done) {
      this.#turn = this.#flows[Symbol.iterator]();
      next = this.#turn.next();
    }
    const [flow, waiting] = next.value as [string, Item[]];
    if (waiting.length === 1) this.#flows.delete(flow);
    this.#size--;
    return waiting.shift();
  }
}

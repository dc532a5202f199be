/**
 * How the resolver thread stands, for whoever asks: doubles in shared memory, in the order of `NAMES`, which
 * the thread writes now and then.
 */
const NAMES = ['cacheEntries', 'cacheBytes', 'answerEntries', 'answerBytes', 'resolutions'] as const;

export type ResolverStanding = Readonly<Record<(typeof NAMES)[number], number>>;

export class Gauges {
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array;

  constructor(memory = new SharedArrayBuffer(8 * NAMES.length)) {
    this.memory = memory;
    this.#values = new Float64Array(memory);
  }

  set(standing: ResolverStanding): void {
    for (const [i, name] of NAMES.entries()) this.#values[i] = standing[name];
  }

  /** Of a thread that is not there, nothing but zeros. */
  standing(isAlive: boolean): ResolverStanding {
    const values = NAMES.map((name, i) => [name, isAlive ? (this.#values[i] as number) : 0]);
    return Object.fromEntries(values) as ResolverStanding;
  }
}

/**
 * How much of a name the servers on the way down get to see (RFC 9156): of the zone that they serve one label
 * more, and type A in place of the type that is wanted. In comes how far the walk has got; out goes what to
 * ask next, and at the end the question itself. However long the name, there are at most ten steps.
 */
import { MINIMISED_ONE_LABEL_STEPS, MINIMISED_STEPS_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { isWithin, LABELS_MAX, labelCount, labelOffsets, type Name, nameFromText } from '../wire/name.ts';
import type { Asked } from './wish.ts';

/**
 * `relaxed`: where part of a name brings only a denial or no sense, the whole name is asked, for there are
 * servers that do not know of empty non-terminals. `strict`: nothing more is shown, and a denial is believed.
 */
export const MINIMISATIONS = ['relaxed', 'strict', 'off'] as const;
export type Minimisation = (typeof MINIMISATIONS)[number];

const IP6_ARPA = nameFromText('ip6.arpa') as Name;
/** Labels of the reverse of /16, /32, /48, /56 and /64: addresses are delegated there, seldom in between. */
const IP6_CUTS = [6, 10, 14, 16, 18];
const UNDERSCORE = 0x5f;

/** Of the name in hand. */
const offsets = new Uint8Array(LABELS_MAX + 1);

export class Disclosure {
  readonly #asked: Asked;
  readonly #labels: number;
  /** Labels of the name, counted from its end, that were asked about. */
  #shown = 0;
  #steps = 0;

  constructor(asked: Asked, minimisation: Minimisation) {
    this.#asked = asked;
    this.#labels = labelCount(asked.name);
    if (minimisation === 'off') this.showAll();
  }

  showAll(): void {
    this.#shown = this.#labels;
  }

  /** What to ask the servers of the zone at `cut`: part of the name, or the very question. */
  next(cut: Name): Asked {
    const from = Math.max(this.#shown, labelCount(cut));
    labelOffsets(this.#asked.name, 0, offsets);
    this.#shown = from + this.#stride(from);
    if (this.#shown >= this.#labels) return this.#asked;
    this.#steps++;
    // RFC 9156 §2.1: a type that no parent answers for its child, and that does not stand out.
    return { name: this.#asked.name.subarray(offsets[this.#labels - this.#shown]), type: Type.A };
  }

  /** How many labels more to show (RFC 9156 §2.3): one at first, then the rest in parts of one size. */
  #stride(from: number): number {
    const isReverse = from >= labelCount(IP6_ARPA) && isWithin(this.#asked.name, IP6_ARPA);
    if (isReverse) return (IP6_CUTS.find((labels) => labels > from) ?? this.#labels) - from;
    if (this.#steps < MINIMISED_ONE_LABEL_STEPS) return Math.max(1, this.#services(from));
    const share = Math.floor((this.#labels - from) / (MINIMISED_STEPS_MAX - this.#steps));
    return Math.max(1, share, this.#services(from));
  }

  /** `_443._tcp`: labels that come next and are no boundary between anybody (RFC 9156 §2.3). */
  #services(from: number): number {
    const first = this.#labels - from - 1;
    let at = first;
    while (at >= 0 && this.#asked.name[(offsets[at] as number) + 1] === UNDERSCORE) at--;
    return first - at;
  }
}

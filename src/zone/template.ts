/**
 * Text with places for a number, as `$GENERATE` has it: `$` is the number, `${offset,width,base}` the number
 * moved by an offset, padded to a width, in a base; `$$` and `\$` are a dollar sign. The bases are BIND's: d,
 * o, x, X, and n or N for nibbles, lowest first, parted by dots, as ip6.arpa wants them.
 */

/** Wider numbers fit no label. */
const WIDTH_MAX = 255;
const MODIFIERS = /^\{(-?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?\}/;

interface Place {
  readonly offset: number;
  write(step: number): string;
}
type Part = string | Place;

export class Template {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** Undefined for a `${…}` that is none of ours. */
  static parse(text: string): Template | undefined {
    const parts: Part[] = [];
    let at = 0;
    for (const place of text.matchAll(/\\[\s\S]|\$\$|\$(?:\{[^}]*\}?)?/g)) {
      const [found] = place;
      parts.push(text.slice(at, place.index));
      at = place.index + found.length;
      const part = partOf(found);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    parts.push(text.slice(at));
    return new Template(parts);
  }

  /** The least number is `step` and this. */
  get lowestOffset(): number {
    return this.#parts.reduce(
      (low, part) => (typeof part === 'string' ? low : Math.min(low, part.offset)),
      0,
    );
  }

  fill(step: number): string {
    let text = '';
    for (const part of this.#parts) text += typeof part === 'string' ? part : part.write(step);
    return text;
  }
}

function partOf(found: string): Part | undefined {
  if (found.startsWith('\\')) return found;
  if (found === '$$') return '\\$'; // A plain one would begin a directive.
  if (found === '$') return { offset: 0, write: (step) => `${step}` };
  const modifiers = MODIFIERS.exec(found.slice(1));
  if (modifiers === null) return undefined;
  const offset = Number(modifiers[1]);
  const width = Number(modifiers[2] ?? 0);
  if (width > WIDTH_MAX) return undefined;
  const write = bases[(modifiers[3] ?? 'd') as keyof typeof bases];
  return { offset, write: (step) => write(step + offset, width) };
}

const padded =
  (radix: number) =>
  (value: number, width: number): string =>
    value.toString(radix).padStart(width, '0');

const bases = {
  d: padded(10),
  o: padded(8),
  x: padded(16),
  X: (value: number, width: number): string => padded(16)(value, width).toUpperCase(),
  n: nibbles,
  N: (value: number, width: number): string => nibbles(value, width).toUpperCase(),
};

/** The width counts the dots, and an even one ends in a dot, as in BIND. */
function nibbles(value: number, width: number): string {
  let text = '';
  let left = value;
  do {
    text += (left % 16).toString(16);
    left = Math.floor(left / 16);
    if (left > 0 || text.length < width) text += '.';
  } while (left > 0 || text.length < width);
  return text;
}

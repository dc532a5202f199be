/**
 * What is known of where addresses are, each once: databases give rows, and where several know an address,
 * what one says is completed by the next. The first row is that of nowhere.
 */
import { NOWHERE } from './whereabouts.ts';

/** Codes as in pool/place-codes, position in 1e-5 degrees. */
export interface Place {
  readonly continent: number;
  readonly country: number;
  readonly subdivision: number;
  readonly asn: number;
  readonly latitude: number;
  readonly longitude: number;
}

export const UNKNOWN: Place = {
  continent: 0,
  country: 0,
  subdivision: 0,
  asn: 0,
  latitude: NOWHERE,
  longitude: NOWHERE,
};

export class PlaceRows {
  readonly #places: Place[] = [];
  readonly #ids = new Map<string, number>();

  constructor() {
    this.add(UNKNOWN);
  }

  /** The number of its row. */
  add(place: Place): number {
    const key = wordsOf(place).join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#places.length);
    return this.#places.push(place) - 1;
  }

  /** Whatever the first does not know, the second says; the names of a place stay together. */
  joined = (first: number, second: number): number => {
    if (first === 0 || second === 0) return first + second;
    const [above, below] = [this.#places[first] as Place, this.#places[second] as Place];
    const { continent, country, subdivision } = above.country === 0 && below.country !== 0 ? below : above;
    const { latitude, longitude } = above.latitude === NOWHERE ? below : above;
    return this.add({ continent, country, subdivision, asn: above.asn || below.asn, latitude, longitude });
  };

  /** Puts a row as the table keeps it (pool/whereabouts). */
  put(row: number, words: Int32Array, at: number): void {
    words.set(wordsOf(this.#places[row] as Place), at);
  }
}

const wordsOf = ({ continent, country, subdivision, asn, latitude, longitude }: Place): number[] => [
  ...[continent, country, subdivision],
  ...[asn | 0, latitude, longitude],
];

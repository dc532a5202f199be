/**
 * Who is here now, where thousands come and go each second: a map and a set that keep nothing alive. Each
 * table of the engine's own that was outgrown or tidied keeps all it held, and points to the next. Once one
 * of these is old, all that came after it counts as alive, and is copied, until the old are looked over. Here
 * such tables hold numbers only, or there are none.
 */

/** By key, in the order in which they came. */
export class Roster<Key extends string | number, Value> {
  readonly #seats = new Map<Key, number>();
  readonly #values: (Value | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#seats.size;
  }

  get(key: Key): Value | undefined {
    const seat = this.#seats.get(key);
    return seat === undefined ? undefined : this.#values[seat];
  }

  set(key: Key, value: Value): void {
    let seat = this.#seats.get(key);
    if (seat === undefined) {
      seat = this.#free.pop() ?? this.#values.length;
      this.#seats.set(key, seat);
    }
    this.#values[seat] = value;
  }

  delete(key: Key): void {
    const seat = this.#seats.get(key);
    if (seat === undefined) return;
    this.#seats.delete(key);
    this.#values[seat] = undefined;
    this.#free.push(seat);
  }

  *[Symbol.iterator](): Generator<[Key, Value], void, void> {
    for (const [key, seat] of this.#seats) yield [key, this.#values[seat] as Value];
  }
}

/** What may be in one gathering at a time; where is the gathering's to say. */
export interface Member {
  seat: number;
}

/** In no order. */
export class Gathering<Each extends Member> {
  readonly #members: Each[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: Each): void {
    member.seat = this.#members.length;
    this.#members.push(member);
  }

  /** False: it has gone already. */
  remove(member: Each): boolean {
    if (this.#members[member.seat] !== member) return false;
    const last = this.#members.pop() as Each;
    if (last === member) return true;
    this.#members[member.seat] = last;
    last.seat = member.seat;
    return true;
  }

  [Symbol.iterator](): Iterator<Each> {
    return this.#members.values();
  }
}

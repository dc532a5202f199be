/**
 * Writes one message, compressing names as RFC 1035 §4.1.4 and RFC 3597 §4 allow. Suffixes already written
 * are remembered by hash in a small table, so a name costs one pass however many came before it, and the
 * table is bounded: past the bound names are written in full. A write that would pass `limit` leaves no
 * trace: the caller takes a `mark` and returns to it. Nothing here allocates.
 */
import { type Bytes, copy, put16, put32, u8, u16 } from '../base/bytes.ts';
import { COMPRESSION_PROBES_MAX, COMPRESSION_SUFFIXES_MAX } from '../base/limits.ts';
import type { HashedName } from './hashed-name.ts';
import { extendHash, FOLD, LABELS_MAX, labelOffsets, nameLength, ROOT_HASH } from './name.ts';
import { compressibleNames, compressibleSkip } from './rdata.ts';
import { firstRr, nextRr, rrsetCount, rrsetType } from './rrset.ts';

const SLOTS = 512;
const POINTER_TARGETS = 0x4000;
const NO_NAME = -1;

/** Stands for the question's name as an owner: two bytes that need no search. */
export const AT_QUESTION = -1;

export class MessageWriter {
  out: Bytes = new Uint8Array(0);
  at = 0;
  limit = 0;
  readonly #slotHash = new Int32Array(SLOTS);
  readonly #slotTarget = new Uint16Array(SLOTS);
  /** A slot belongs to this message only if it bears its number; so nothing is cleared between messages. */
  readonly #slotMessage = new Int32Array(SLOTS);
  #message = 0;
  #suffixes = 0;
  /** The question's name, until its suffixes are remembered. */
  #question: HashedName | undefined;
  readonly #labelAt = new Uint8Array(LABELS_MAX + 1);
  readonly #hash = new Int32Array(LABELS_MAX + 1);

  /** Starts behind a header and question already in place; `question` may then be pointed at. */
  begin(out: Bytes, at: number, limit: number, question: HashedName | undefined): void {
    this.out = out;
    this.at = at;
    this.limit = limit;
    this.#message = (this.#message + 1) | 0;
    this.#suffixes = 0;
    this.#question = question;
  }

  /** Most answers write no name but the question's own: only the first other one needs its suffixes. */
  #rememberQuestion(question: HashedName): void {
    for (let i = 0; i < question.labels; i++) {
      this.#remember(question.hash[i] as number, 12 + (question.labelAt[i] as number));
    }
    this.#question = undefined;
  }

  /** Writes the name at `from` of `name`; false, and nothing written, when it does not fit. */
  name(name: Bytes, from: number): boolean {
    if (this.#question !== undefined) this.#rememberQuestion(this.#question);
    const labels = labelOffsets(name, from, this.#labelAt);
    let h = ROOT_HASH;
    for (let i = labels - 1; i >= 0; i--) {
      h = extendHash(h, name, from + (this.#labelAt[i] as number));
      this.#hash[i] = h;
    }
    let target = NO_NAME;
    let kept = 0;
    for (; kept < labels; kept++) {
      target = this.#find(this.#hash[kept] as number, name, from + (this.#labelAt[kept] as number));
      if (target !== NO_NAME) break;
    }
    const length = kept < labels ? (this.#labelAt[kept] as number) : nameLength(name, from) - 1;
    if (this.at + length + (target === NO_NAME ? 1 : 2) > this.limit) return false;
    for (let i = 0; i < kept; i++)
      this.#remember(this.#hash[i] as number, this.at + (this.#labelAt[i] as number));
    copy(name, from, this.out, this.at, length);
    this.at += length;
    if (target === NO_NAME) {
      this.out[this.at++] = 0;
    } else {
      put16(this.out, this.at, 0xc000 | target);
      this.at += 2;
    }
    return true;
  }

  /**
   * Writes a whole RRset, its RRs starting with number `rotate` (RFC 1794 §3), or nothing at all.
   * `ownerAt` may be AT_QUESTION.
   */
  rrset(
    owner: Bytes,
    ownerAt: number,
    block: Bytes,
    blockAt: number,
    klass: number,
    ttl: number,
    rotate: number,
  ): boolean {
    const mark = this.at;
    const suffixes = this.#suffixes;
    const count = rrsetCount(block, blockAt);
    const first = firstRr(blockAt);
    let rr = first;
    for (let i = count > 1 ? rotate % count : 0; i > 0; i--) rr = nextRr(block, rr);
    const end = first + u16(block, blockAt + 8);
    for (let i = 0; i < count; i++) {
      if (!this.#record(owner, ownerAt, block, rr, rrsetType(block, blockAt), klass, ttl)) {
        this.#forget(mark, suffixes);
        return false;
      }
      rr = nextRr(block, rr);
      if (rr >= end) rr = first;
    }
    return true;
  }

  #record(
    owner: Bytes,
    ownerAt: number,
    block: Bytes,
    rr: number,
    type: number,
    klass: number,
    ttl: number,
  ): boolean {
    if (ownerAt === AT_QUESTION) {
      if (this.at + 2 > this.limit) return false;
      put16(this.out, this.at, 0xc00c);
      this.at += 2;
    } else if (!this.name(owner, ownerAt)) return false;
    if (this.at + 10 > this.limit) return false;
    const head = this.at;
    put16(this.out, head, type);
    put16(this.out, head + 2, klass);
    put32(this.out, head + 4, ttl);
    this.at = head + 10;
    if (!this.#rdata(block, rr + 2, u16(block, rr), type)) return false;
    put16(this.out, head + 8, this.at - head - 10);
    return true;
  }

  #rdata(block: Bytes, at: number, length: number, type: number): boolean {
    const end = at + length;
    let names = compressibleNames(type);
    let plain = names > 0 ? compressibleSkip(type) : length;
    for (;;) {
      if (this.at + plain > this.limit) return false;
      copy(block, at, this.out, this.at, plain);
      this.at += plain;
      at += plain;
      if (names === 0) return true;
      const bytes = nameLength(block, at);
      if (!this.name(block, at)) return false;
      at += bytes;
      names--;
      plain = names > 0 ? 0 : end - at;
    }
  }

  #remember(hash: number, target: number): void {
    if (this.#suffixes >= COMPRESSION_SUFFIXES_MAX || target >= POINTER_TARGETS) return;
    let slot = hash & (SLOTS - 1);
    for (let left = COMPRESSION_PROBES_MAX; this.#slotMessage[slot] === this.#message; left--) {
      if (left === 0) return;
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.#slotMessage[slot] = this.#message;
    this.#slotHash[slot] = hash;
    this.#slotTarget[slot] = target;
    this.#suffixes++;
  }

  /**
   * Undoes an RRset. Its suffixes would point at bytes that are no longer there, so they are searched no
   * more.
   */
  #forget(mark: number, suffixes: number): void {
    this.at = mark;
    if (this.#suffixes === suffixes) return;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.#slotMessage[slot] === this.#message && (this.#slotTarget[slot] as number) >= mark) {
        this.#slotTarget[slot] = 0xffff; // Behind every `at`: never found, and the chain unbroken.
      }
    }
  }

  #find(hash: number, name: Bytes, from: number): number {
    let slot = hash & (SLOTS - 1);
    for (let left = COMPRESSION_PROBES_MAX; this.#slotMessage[slot] === this.#message; left--) {
      const target = this.#slotTarget[slot] as number;
      if (this.#slotHash[slot] === hash && target < this.at && this.#isAt(target, name, from)) return target;
      if (left === 0) return NO_NAME;
      slot = (slot + 1) & (SLOTS - 1);
    }
    return NO_NAME;
  }

  /**
   * Whether the name written at `target`, pointers followed, is the one at `from`. Our own pointers go
   * backwards.
   */
  #isAt(target: number, name: Bytes, from: number): boolean {
    const { out } = this;
    for (;;) {
      let label = u8(out, target);
      while (label >= 0xc0) {
        target = u16(out, target) & 0x3fff;
        label = u8(out, target);
      }
      if (label !== u8(name, from)) return false;
      if (label === 0) return true;
      for (let i = 1; i <= label; i++) {
        if (FOLD[u8(out, target + i)] !== FOLD[u8(name, from + i)]) return false;
      }
      target += label + 1;
      from += label + 1;
    }
  }
}

/**
 * Addresses of the hosts that are members of pools, in memory that all threads share: kept by the resolver
 * thread (server/host-keeper), read by whoever answers, without a lock and without allocation. The control
 * thread says which slot is whose (pool/host-slots), and plans say it to readers. A host that has checks has
 * another slot, its view: of the same addresses those to be told, kept by the prober (health/host-view).
 *
 *   slots, SLOT_WORDS words each: HOSTS_MAX of hosts that are members of some pool, then as many of views
 *     IPv4: version, then two copies of  0 hash of the name (wire/name)   1 HostState   2 number of addresses
 *                                        3 second of `world.nowMs` until which they hold   4… the addresses
 *     IPv6: likewise
 *
 * A version's lowest bit says which copy is read; the writer fills the other one, and then counts the version
 * up. A reader looks at the version again when it has read: if it is the same, nobody has written there. Each
 * slot has one writer. The hash of one that has become another host's is not the one the plan has, and then
 * it says nothing.
 */
import { type Bytes, copy } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { HOST_ADDRESSES_MAX, HOSTS_MAX, POOL_TTL_SECONDS_MIN, STALE_TTL_SECONDS } from '../base/limits.ts';
import { PoolKind } from '../wire/pool.ts';

/**
 * PENDING: not looked for yet. KNOWN: these are the addresses, or there are none. STALE: they were, and
 * nobody says what they are now. FAILED: nobody ever said, or too long ago. DOWN, of a view: they are known,
 * and by its checks none of that family is up.
 */
export const HostState = { PENDING: 0, KNOWN: 1, STALE: 2, FAILED: 3, DOWN: 4 } as const;

const CopyWord = { HASH: 0, STATE: 1, COUNT: 2, UNTIL: 3, ADDRESSES: 4 } as const;
const COPY_WORDS_V4 = CopyWord.ADDRESSES + (HOST_ADDRESSES_MAX * IPV4_BYTES) / 4;
const COPY_WORDS_V6 = CopyWord.ADDRESSES + (HOST_ADDRESSES_MAX * IPV6_BYTES) / 4;
const FAMILY_WORDS_V4 = 1 + 2 * COPY_WORDS_V4;
const SLOT_WORDS = FAMILY_WORDS_V4 + 1 + 2 * COPY_WORDS_V6;
/** Who was overtaken by the writer reads again: twice in a row hardly happens, for addresses live seconds. */
const READS_MAX = 8;

const familyAt = (slot: number, kind: number): number =>
  slot * SLOT_WORDS + (kind === PoolKind.IPV4 ? 0 : FAMILY_WORDS_V4);
const copyWords = (kind: number): number => (kind === PoolKind.IPV4 ? COPY_WORDS_V4 : COPY_WORDS_V6);
const copyAt = (family: number, version: number, kind: number): number =>
  family + 1 + (version & 1) * copyWords(kind);

/** Pages of it that nobody writes take no room. */
export const newFlattened = (): SharedArrayBuffer => new SharedArrayBuffer(4 * 2 * HOSTS_MAX * SLOT_WORDS);

export class Flattened {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Bytes;
  /** Of what was read last: HostState. */
  state: number = HostState.PENDING;
  /** Of what was read last, the addresses: so many, one behind the other. */
  count = 0;
  readonly addresses: Bytes = new Uint8Array(HOST_ADDRESSES_MAX * IPV6_BYTES);
  #until = 0;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  /** What is known of the host's addresses of that kind (PoolKind), in the fields, but for the addresses. */
  look(slot: number, hash: number, kind: number): void {
    this.#read(slot, hash, kind, 0);
  }

  /** The same, with the addresses. */
  read(slot: number, hash: number, kind: number): void {
    this.#read(slot, hash, kind, kind === PoolKind.IPV4 ? IPV4_BYTES : IPV6_BYTES);
  }

  #read(slot: number, hash: number, kind: number, addressBytes: number): void {
    this.#be(HostState.FAILED);
    if (slot < 0) return;
    const family = familyAt(slot, kind);
    for (let reads = 0; reads < READS_MAX; reads++) {
      const version = Atomics.load(this.#words, family);
      this.#take(copyAt(family, version, kind), hash, addressBytes);
      if (Atomics.load(this.#words, family) === version) return;
    }
    this.#be(HostState.PENDING);
  }

  #be(state: number): void {
    this.state = state;
    this.count = 0;
  }

  #take(at: number, hash: number, addressBytes: number): void {
    const words = this.#words;
    this.#be(HostState.PENDING);
    if (words[at + CopyWord.HASH] !== hash) return;
    this.state = words[at + CopyWord.STATE] as number;
    this.count = Math.min(words[at + CopyWord.COUNT] as number, HOST_ADDRESSES_MAX);
    this.#until = words[at + CopyWord.UNTIL] as number;
    copy(this.#bytes, 4 * (at + CopyWord.ADDRESSES), this.addresses, 0, this.count * addressBytes);
  }

  /** Whether it was said what the addresses are, be it that there are none, or some time ago. */
  get isTold(): boolean {
    return this.state !== HostState.PENDING && this.state !== HostState.FAILED;
  }

  /** When what was read last begins to be old, at `world.nowMs`. */
  get untilMs(): number {
    return 1_000 * this.#until;
  }

  /** Another one with each writing. */
  version(slot: number, kind: number): number {
    return slot < 0 ? 0 : Atomics.load(this.#words, familyAt(slot, kind));
  }

  /** For how long an answer may be kept that is made of what was read last. */
  ttl(nowMs: number): number {
    // RFC 8767 §4: what has expired is told for half a minute.
    if (this.state === HostState.STALE) return STALE_TTL_SECONDS;
    return Math.max(this.#until - Math.floor(nowMs / 1_000), POOL_TTL_SECONDS_MIN);
  }

  /** For the one writer. `addresses` are of that kind, and no more than there is room for. */
  write(
    slot: number,
    hash: number,
    kind: number,
    state: number,
    addresses: readonly Bytes[],
    untilMs: number,
  ): void {
    const words = this.#words;
    const family = familyAt(slot, kind);
    const version = (words[family] as number) + 1;
    const at = copyAt(family, version, kind);
    words[at + CopyWord.HASH] = hash;
    words[at + CopyWord.STATE] = state;
    words[at + CopyWord.COUNT] = addresses.length;
    words[at + CopyWord.UNTIL] = Math.floor(untilMs / 1_000);
    let to = 4 * (at + CopyWord.ADDRESSES);
    for (const address of addresses) {
      this.#bytes.set(address, to);
      to += address.length;
    }
    Atomics.store(words, family, version);
  }
}

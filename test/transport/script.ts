/**
 * Both sides of a transport, scripted: an answerer that does what a message tells it, and a clock that tests
 * push. A test message is a header's worth of bytes whose first two are an ID, then a word: what to do with
 * it.
 */
import type { World } from '../../src/base/world.ts';
import { type Answerer, type Client, DROP, LATER } from '../../src/transport/door.ts';

const HEADER_BYTES = 12;

export function ask(id: number, word: string, padding = 0): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + word.length + padding);
  message.writeUInt16BE(id, 0);
  message.write(word, HEADER_BYTES, 'latin1');
  return message;
}

export const idOf = (message: Uint8Array): number => Buffer.from(message).readUInt16BE(0);
export const wordOf = (message: Uint8Array): string =>
  Buffer.from(message.subarray(HEADER_BYTES)).toString('latin1').replace(/\0+$/, '');

/**
 * `echo` comes back, `big N` as N bytes, `drop` not at all, `later` when the test says so or another
 * message's `pay ID`, `never` never; anything else comes back as `what?`.
 */
export class ScriptedAnswerer implements Answerer {
  readonly clients: Client[] = [];
  readonly words: string[] = [];
  /** What waits for its answer, by ID. */
  readonly owed = new Map<number, () => void>();

  answer(
    packet: Uint8Array,
    length: number,
    client: Client,
    out: Uint8Array,
    send: (r: Uint8Array) => void,
  ): number {
    const message = Buffer.from(packet.subarray(0, length));
    const word = wordOf(message);
    this.clients.push({ ...client, address: client.address.slice() });
    this.words.push(word);
    if (word === 'drop') return DROP;
    if (word === 'never') return LATER;
    if (word.startsWith('later')) {
      this.owed.set(idOf(message), () => send(message));
      return LATER;
    }
    if (word.startsWith('big ')) {
      const bytes = Number(word.slice(4));
      out.fill(0xab, 0, bytes);
      out.set(message.subarray(0, HEADER_BYTES));
      return bytes;
    }
    if (word.startsWith('pay ')) {
      out.set(message);
      this.pay(Number(word.slice(4)));
      return message.length;
    }
    const answer = word.startsWith('echo') ? message : ask(idOf(message), 'what?');
    out.set(answer);
    return answer.length;
  }

  /** Sends what waits under this ID. */
  pay(id: number): void {
    this.owed.get(id)?.();
    this.owed.delete(id);
  }
}

/** Time that passes when told to. */
export class ScriptedWorld implements World {
  #nowMs = 0;
  readonly #alarms = new Set<{ atMs: number; call: () => void }>();

  nowMs = (): number => this.#nowMs;
  wallSeconds = (): number => 0;
  wallMs = (): number => 0;
  draw = (): number => 0;

  after = (ms: number, call: () => void): (() => void) => {
    const alarm = { atMs: this.#nowMs + ms, call };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  };

  get alarms(): number {
    return this.#alarms.size;
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#nowMs = next.atMs;
      next.call();
    }
    this.#nowMs = endMs;
  }
}

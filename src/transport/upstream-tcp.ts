/**
 * Questions to other servers over TCP. A link is a connection to one server that serves one question at a
 * time; when it has brought a reply it is kept for a little, in case the next question goes there too (RFC
 * 7766 §6.2.1). A kept link that turns out to be dead costs one new connection, never the question.
 */
import { connect, type Socket } from 'node:net';
import { Counter, type Counters } from '../base/counters.ts';
import { UPSTREAM_BYTES_MAX, UPSTREAM_TCP_IDLE_MAX, UPSTREAM_TCP_IDLE_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Endpoint } from '../resolver/upstream.ts';
import { Frames, framed } from './stream.ts';

/** Whether these bytes are the reply. */
export type Judge = (bytes: Uint8Array) => boolean;

export class TcpLinks {
  readonly #world: World;
  readonly #counters: Counters;
  /** Idle links by endpoint, the longest kept first, with what ends their keeping. */
  readonly #kept = new Map<string, { link: Link; cancel: () => void }>();
  #closed = false;

  constructor(world: World, counters: Counters) {
    this.#world = world;
    this.#counters = counters;
  }

  /** The reply; undefined when none came in time. Rejects with what the system said. */
  async ask(to: Endpoint, query: Uint8Array, ms: number, judge: Judge): Promise<Uint8Array | undefined> {
    const endMs = this.#world.nowMs() + ms;
    const key = `${to.address} ${to.port}`;
    const kept = this.#take(key);
    if (kept) {
      try {
        return await this.#talk(key, kept, query, ms, judge);
      } catch {
        // RFC 7766 §6.2.4: the server may have closed it meanwhile, and the question is to be asked again.
      }
    }
    this.#counters.bump(Counter.upstreamTcpConnects);
    return this.#talk(key, new Link(to), query, Math.max(0, endMs - this.#world.nowMs()), judge);
  }

  close(): void {
    this.#closed = true;
    for (const key of [...this.#kept.keys()]) this.#take(key)?.destroy();
  }

  async #talk(
    key: string,
    link: Link,
    query: Uint8Array,
    ms: number,
    judge: Judge,
  ): Promise<Uint8Array | undefined> {
    let cancel = () => {};
    let reply: Uint8Array | undefined;
    try {
      reply = await new Promise<Uint8Array | undefined>((resolve, reject) => {
        cancel = this.#world.after(ms, () => resolve(undefined));
        link.listen((bytes) => judge(bytes) && resolve(new Uint8Array(bytes)), reject);
        link.write(query);
      });
    } finally {
      cancel();
      if (reply && link.alive) this.#keep(key, link);
      else link.destroy();
    }
    return reply;
  }

  #keep(key: string, link: Link): void {
    this.#take(key)?.destroy();
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= UPSTREAM_TCP_IDLE_MAX) this.#take(oldest)?.destroy();
    if (this.#closed) {
      link.destroy();
      return;
    }
    const drop = (): void => this.#take(key)?.destroy();
    this.#kept.set(key, { link, cancel: this.#world.after(UPSTREAM_TCP_IDLE_MS, drop) });
    // Whatever it says unasked, or its end, ends the keeping.
    link.listen(drop, drop);
  }

  #take(key: string): Link | undefined {
    const kept = this.#kept.get(key);
    kept?.cancel();
    this.#kept.delete(key);
    return kept?.link;
  }
}

class Link {
  readonly #socket: Socket;
  readonly #frames = new Frames();
  #heard: (message: Uint8Array) => void = () => {};
  #broken: (error: Error) => void = () => {};
  #bytes = 0;

  constructor({ address, port }: Endpoint) {
    this.#socket = connect({ host: address, port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#broken(error));
    this.#socket.on('close', () => this.#broken(new Error('connection closed before the reply')));
  }

  get alive(): boolean {
    return this.#socket.writable && !this.#socket.readableEnded;
  }

  /** From now on messages, and the end, go here and nowhere else. */
  listen(heard: (message: Uint8Array) => void, broken: (error: Error) => void): void {
    this.#heard = heard;
    this.#broken = broken;
    this.#bytes = 0;
  }

  write(message: Uint8Array): void {
    this.#socket.write(framed(message));
  }

  destroy(): void {
    this.#broken = () => {};
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#frames.feed(chunk);
    for (let message = this.#frames.next(); message; message = this.#frames.next()) this.#heard(message);
    if (this.#bytes > UPSTREAM_BYTES_MAX) this.#broken(new Error('too many bytes and no reply among them'));
  }
}

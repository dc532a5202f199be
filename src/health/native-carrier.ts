/**
 * Probes by the system's own calls, of which a thousand a second cost little: sockets that never wait, one
 * `epoll` for all of them, and a look at it when all probes of a moment have begun, then later and later, up
 * to PROBE_LOOK_MS_MAX: who looks for many at once looks seldom, and no other thread has to wait. TLS is
 * Node's.
 */
import { getSystemErrorMap } from 'node:util';
import { put16 } from '../base/bytes.ts';
import { parseIp } from '../base/ip.ts';
import {
  CHECK_TARGETS_MAX,
  PROBE_LOOK_MS_MAX,
  PROBE_REPLY_BYTES_MAX,
  UPSTREAM_EVENTS_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { EpollEvent, Name, type Native, Sys, steady } from '../transport/native.ts';
import { sockaddr } from '../transport/udp-socket.ts';
import { type Carrier, CLOSED, CONNECTED, type Way } from './carrier.ts';
import { type Cancel, down, type Endpoint, type Talk, type Told, type Verdict } from './conversation.ts';

interface Exchange {
  readonly talk: Talk;
  readonly told: Told;
  readonly isStream: boolean;
  /** The request is on its way. */
  isOpen: boolean;
}

/** The system's own words for a code. */
const words: ReadonlyMap<string, string> = new Map(getSystemErrorMap().values());

/** Told once for each change: to write is possible most of the time. */
const EVENTS = Sys.EPOLLIN + Sys.EPOLLOUT + Sys.EPOLLET;
const FAILED = Sys.EPOLLERR | Sys.EPOLLHUP;

/** `struct linger`: on, for no time. */
const LINGER_NOT = steady(8).fill(1, 0, 1);
const OFF = steady(4);

/** Of what decides nothing, in one look: a conversation over a stream has decided long before. */
const FLOOD_BYTES = 16 * PROBE_REPLY_BYTES_MAX;

export class NativeCarrier implements Carrier {
  readonly #world: World;
  readonly #native: Native;
  readonly #tls: Carrier;
  readonly #names = new Map<string, Uint8Array>();
  /** By file descriptor. */
  readonly #exchanges: (Exchange | undefined)[] = [];
  #underway = 0;
  readonly #event = new DataView(steady(EpollEvent.SIZE).buffer);
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #events = steady(UPSTREAM_EVENTS_MAX * EpollEvent.SIZE);
  readonly #eventsView = new DataView(this.#events.buffer);
  readonly #heard = steady(PROBE_REPLY_BYTES_MAX);
  #epoll = -1;
  #lookMs = 1;
  /** When the others of this moment have begun, too. */
  #looksSoon = false;
  #cancelLook: Cancel | undefined;

  constructor(world: World, native: Native, tls: Carrier) {
    this.#world = world;
    this.#native = native;
    this.#tls = tls;
  }

  carry(to: Endpoint, way: Way, talk: Talk, told: Told): Cancel {
    if (way.by === 'tls') return this.#tls.carry(to, way, talk, told);
    const isStream = way.by === 'stream';
    const fd = this.#open(to, isStream, talk === undefined);
    if (typeof fd === 'string') return this.#world.after(0, () => told(down(fd)));
    const exchange = { talk, told, isStream, isOpen: false };
    this.#exchanges[fd] = exchange;
    this.#underway++;
    this.#lookSoon();
    return () => {
      if (this.#exchanges[fd] === exchange) this.#forget(fd);
    };
  }

  close(): void {
    for (const [fd, exchange] of this.#exchanges.entries()) if (exchange !== undefined) this.#forget(fd);
    this.#cancelLook?.();
    if (this.#epoll >= 0) this.#native.close(this.#epoll);
    this.#epoll = -1;
    this.#tls.close();
  }

  /** A connected socket, or one that is being connected; or why there is none. */
  #open({ address, port }: Endpoint, isStream: boolean, isKnock: boolean): number | string {
    const native = this.#native;
    if (this.#epoll < 0) this.#epoll = native.epollCreate(Sys.EPOLL_CLOEXEC);
    const name = this.#nameOf(address);
    put16(name, Name.PORT, port);
    const isV6 = name[Name.FAMILY] === Sys.AF_INET6;
    const type = isStream ? Sys.SOCK_STREAM_CLOEXEC_NONBLOCK : Sys.SOCK_DGRAM_CLOEXEC;
    const fd = native.socket(isV6 ? Sys.AF_INET6 : Sys.AF_INET, type, 0);
    if (fd < 0) return this.#refusal();
    if (isKnock) this.#makeKnock(fd);
    const isOnItsWay =
      native.connect(fd, name, isV6 ? Name.SIZE6 : Name.SIZE4) === 0 || native.errno() === 'EINPROGRESS';
    if (isOnItsWay && this.#watch(fd, EVENTS)) return fd;
    const why = this.#refusal();
    native.close(fd);
    return why;
  }

  /**
   * To hear that somebody listens is enough: our acknowledgement is held back (tcp(7)), and closing resets.
   * So no program over there is woken for it, and no port of ours waits for the end of the connection.
   */
  #makeKnock(fd: number): void {
    this.#native.setsockopt(fd, Sys.SOL_SOCKET, Sys.SO_LINGER, LINGER_NOT, LINGER_NOT.length);
    this.#native.setsockopt(fd, Sys.IPPROTO_TCP, Sys.TCP_QUICKACK, OFF, OFF.length);
  }

  /** The socket address of a text, which is read once. */
  #nameOf(address: string): Uint8Array {
    const known = this.#names.get(address);
    if (known !== undefined) return known;
    const name = sockaddr(parseIp(address) as Uint8Array, 0);
    if (this.#names.size >= CHECK_TARGETS_MAX) this.#names.clear();
    this.#names.set(address, name);
    return name;
  }

  #watch(fd: number, events: number): boolean {
    this.#event.setUint32(EpollEvent.EVENTS, events, true);
    this.#event.setInt32(EpollEvent.DATA, fd, true);
    return this.#native.epollAdd(this.#epoll, fd, this.#eventBytes) === 0;
  }

  #lookSoon(): void {
    if (this.#looksSoon) return;
    this.#looksSoon = true;
    queueMicrotask(this.#look);
  }

  #lookAfter(ms: number): void {
    this.#lookMs = ms;
    this.#cancelLook = this.#world.after(ms, this.#look);
  }

  readonly #look = (): void => {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    const isSoon = this.#looksSoon;
    this.#looksSoon = false;
    if (this.#epoll < 0) return;
    const count = this.#native.epollWait(this.#epoll, this.#events, UPSTREAM_EVENTS_MAX, 0);
    for (let i = 0; i < count; i++) {
      const at = i * EpollEvent.SIZE;
      const fd = this.#eventsView.getInt32(at + EpollEvent.DATA, true);
      this.#happened(fd, this.#eventsView.getUint32(at + EpollEvent.EVENTS, true));
    }
    if (this.#underway === 0 || this.#looksSoon || this.#epoll < 0) return;
    this.#lookAfter(isSoon || count > 0 ? 1 : Math.min(2 * this.#lookMs, PROBE_LOOK_MS_MAX));
  };

  #happened(fd: number, events: number): void {
    const exchange = this.#exchanges[fd];
    if (exchange === undefined) return;
    if (!exchange.isOpen) {
      // What failed is told by whatever is called next; RFC 9293 §3.10.7.3.
      if ((events & FAILED) !== 0) this.#hear(fd, exchange);
      else if (exchange.talk === undefined) this.#end(fd, exchange, CONNECTED);
      else this.#say(fd, exchange);
    }
    if (exchange.isOpen) this.#hear(fd, exchange);
  }

  /** A request is shorter than any send buffer. */
  #say(fd: number, exchange: Exchange): void {
    const { request = new Uint8Array(0) } = exchange.talk ?? {};
    exchange.isOpen = true;
    const sent = this.#native.send(fd, request, request.length, Sys.MSG_DONTWAIT | Sys.MSG_NOSIGNAL);
    if (sent < 0) this.#end(fd, exchange, down(this.#refusal()));
  }

  #hear(fd: number, exchange: Exchange): void {
    for (let heard = 0; this.#exchanges[fd] === exchange; ) {
      const length = this.#native.recv(fd, this.#heard, PROBE_REPLY_BYTES_MAX, Sys.MSG_DONTWAIT);
      if (length < 0) {
        const code = this.#native.errno();
        if (code === 'EINTR') continue;
        if (code !== 'EAGAIN') this.#end(fd, exchange, down(words.get(code) ?? code));
        return;
      }
      const { talk } = exchange;
      const isOver = length === 0 && exchange.isStream;
      heard += length;
      const verdict = isOver ? (talk?.ended() ?? down(CLOSED)) : talk?.hear(this.#heard.subarray(0, length));
      if (verdict !== undefined) this.#end(fd, exchange, verdict);
      else if (heard >= FLOOD_BYTES) this.#end(fd, exchange, down('too much, and no answer among it'));
    }
  }

  #end(fd: number, { told }: Exchange, verdict: Verdict): void {
    this.#forget(fd);
    told(verdict);
  }

  /** The kernel takes it out of the `epoll`. */
  #forget(fd: number): void {
    this.#exchanges[fd] = undefined;
    this.#underway--;
    this.#native.close(fd);
  }

  #refusal(): string {
    const code = this.#native.errno();
    return words.get(code) ?? code;
  }
}

/**
 * Which of many sockets have something to read, in a thread that also turns Node's loop: one `epoll` for all,
 * and for the loop itself, as libuv allows for (`uv_backend_fd`). As long as a question is to be sent or is
 * out, each turn of the loop has what is due sent together, looks, and where nothing else is to be done
 * waits here, for the sockets and the loop at once. Only timers are not told that way: they are late by no
 * more than one wait. The kernel forgets a socket that is closed.
 */
import { UPSTREAM_EVENTS_MAX, UPSTREAM_WAIT_MS } from '../base/limits.ts';
import { EpollEvent, type Native, Sys, steady } from './native.ts';

const NONE = -1;

/** The loop of the thread. */
export interface Loop {
  /** By which it waits: `loopDescriptor`. */
  readonly fd: number;
  /** Whether something is due in its next turn. */
  isBusy(): boolean;
}

/** Whose sockets they are. */
export interface Attended {
  /** What is due leaves now. */
  send(): void;
  read(fd: number): void;
}

export class Readiness {
  readonly #native: Native;
  readonly #owner: Attended;
  readonly #loop: Loop;
  readonly #event = new DataView(steady(EpollEvent.SIZE).buffer);
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #events = steady(UPSTREAM_EVENTS_MAX * EpollEvent.SIZE);
  readonly #eventsView = new DataView(this.#events.buffer);
  #epoll = NONE;
  #watched = 0;
  /** Something is due. */
  #isWanted = false;
  /** A turn of the loop will look. */
  #isAttentive = false;
  #isClosed = false;

  constructor(native: Native, loop: Loop, owner: Attended) {
    this.#native = native;
    this.#loop = loop;
    this.#owner = owner;
  }

  /** Something is due: the next turn has it sent. */
  attend(): void {
    this.#isWanted = true;
    if (this.#isAttentive) return;
    this.#isAttentive = true;
    setImmediate(this.#look);
  }

  /** Called while sending. False: the system would not. */
  watch(fd: number): boolean {
    if (this.#epoll < 0 && !this.#open()) return false;
    if (!this.#add(fd)) return false;
    this.#watched++;
    return true;
  }

  /** To be called for each that was watched and is closed. */
  forget(): void {
    this.#watched--;
  }

  /** With the last that is watched, all is let go. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isAttentive) this.#letGo();
  }

  #open(): boolean {
    this.#epoll = this.#native.epollCreate(Sys.EPOLL_CLOEXEC);
    if (this.#epoll < 0) return false;
    if (this.#add(this.#loop.fd)) return true;
    this.#native.close(this.#epoll);
    this.#epoll = NONE;
    return false;
  }

  #add(fd: number): boolean {
    this.#event.setUint32(EpollEvent.EVENTS, Sys.EPOLLIN, true);
    this.#event.setInt32(EpollEvent.DATA, fd, true);
    return this.#native.epollAdd(this.#epoll, fd, this.#eventBytes) === 0;
  }

  readonly #look = (): void => {
    this.#isWanted = false;
    this.#owner.send();
    if (this.#watched > 0) this.#wait();
    if (this.#watched > 0 || this.#isWanted) setImmediate(this.#look);
    else this.#letGo();
  };

  #wait(): void {
    const ms = this.#isWanted || this.#loop.isBusy() ? 0 : UPSTREAM_WAIT_MS;
    const count = this.#native.epollWait(this.#epoll, this.#events, UPSTREAM_EVENTS_MAX, ms);
    // A socket may have been closed since, and its number be another's: who reads it finds nothing then.
    for (let i = 0; i < count; i++) {
      const fd = this.#eventsView.getInt32(i * EpollEvent.SIZE + EpollEvent.DATA, true);
      if (fd !== this.#loop.fd) this.#owner.read(fd);
    }
  }

  #letGo(): void {
    this.#isAttentive = false;
    if (!this.#isClosed || this.#epoll < 0) return;
    this.#native.close(this.#epoll);
    this.#epoll = NONE;
  }
}

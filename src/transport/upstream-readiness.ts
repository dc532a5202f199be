/**
 * Which of many sockets have something to read, in a thread that also turns Node's loop: one `epoll` for all.
 * As long as something comes, each turn of the loop looks for more, which costs one call; when nothing does,
 * another thread waits and wakes this one, which costs twenty times as much and hardly ever happens under
 * load. The kernel forgets a socket that is closed.
 */
import { UPSTREAM_EVENTS_MAX, UPSTREAM_WAIT_MS } from '../base/limits.ts';
import { EpollEvent, type Native, Sys, steady } from './native.ts';

const NONE = -1;

export class Readiness {
  readonly #native: Native;
  readonly #onReadable: (fd: number) => void;
  readonly #event = new DataView(steady(EpollEvent.SIZE).buffer);
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #events = steady(UPSTREAM_EVENTS_MAX * EpollEvent.SIZE);
  readonly #eventsView = new DataView(this.#events.buffer);
  #epoll = NONE;
  #watched = 0;
  /** A turn of the loop will look, or another thread waits. */
  #isAttentive = false;
  #isClosed = false;

  constructor(native: Native, onReadable: (fd: number) => void) {
    this.#native = native;
    this.#onReadable = onReadable;
  }

  /** False: the system would not. */
  watch(fd: number): boolean {
    if (this.#epoll < 0) this.#epoll = this.#native.epollCreate(Sys.EPOLL_CLOEXEC);
    this.#event.setUint32(EpollEvent.EVENTS, Sys.EPOLLIN, true);
    this.#event.setInt32(EpollEvent.DATA, fd, true);
    if (this.#epoll < 0 || this.#native.epollAdd(this.#epoll, fd, this.#eventBytes) < 0) return false;
    this.#watched++;
    if (!this.#isAttentive) {
      this.#isAttentive = true;
      setImmediate(this.#look);
    }
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

  readonly #look = (): void => {
    const count = this.#native.epollWait(this.#epoll, this.#events, UPSTREAM_EVENTS_MAX, 0);
    this.#tell(count);
    if (this.#watched === 0) this.#letGo();
    else if (count > 0) setImmediate(this.#look);
    else
      this.#native.epollWaitLater(
        this.#epoll,
        this.#events,
        UPSTREAM_EVENTS_MAX,
        UPSTREAM_WAIT_MS,
        this.#waited,
      );
  };

  readonly #waited = (_error: Error | null, count: number): void => {
    this.#tell(count);
    if (this.#watched === 0) this.#letGo();
    else setImmediate(this.#look);
  };

  /** A socket may have been closed since, and its number be another's: who reads it finds nothing then. */
  #tell(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#onReadable(this.#eventsView.getInt32(i * EpollEvent.SIZE + EpollEvent.DATA, true));
    }
  }

  #letGo(): void {
    this.#isAttentive = false;
    if (!this.#isClosed || this.#epoll < 0) return;
    this.#native.close(this.#epoll);
    this.#epoll = NONE;
  }
}

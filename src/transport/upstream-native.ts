/**
 * Questions by the system's own calls. Sockets are connected, so that the kernel turns away other senders and
 * tells when a port is closed; questions to one server that are out at the same time share some of them
 * (`OutgoingSocket`). Here they are opened and read; `Readiness` says which of them have something to read.
 */
import { getSystemErrorMap } from 'node:util';
import { put16, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, parseIp } from '../base/ip.ts';
import {
  MESSAGE_BYTES_MAX,
  SERVERS_REMEMBERED_MAX,
  UPSTREAM_ALONE_QUESTIONS,
  UPSTREAM_DATAGRAMS_PER_TURN_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Name, type Native, Sys, steady } from './native.ts';
import { sockaddr } from './udp-socket.ts';
import { type Asker, bindUnforeseeably, type Refusal } from './upstream-asker.ts';
import type { Asking } from './upstream-asking.ts';
import { type Attended, type Loop, Readiness } from './upstream-readiness.ts';
import { type Carried, OutgoingSocket, type Peer } from './upstream-socket.ts';

/** Socket addresses of one family. */
class Names {
  readonly family: number;
  readonly length: number;
  /** To bind to: any address, and the port that was drawn. */
  readonly own: Uint8Array;

  constructor(addressBytes: number) {
    const isV6 = addressBytes === IPV6_BYTES;
    this.family = isV6 ? Sys.AF_INET6 : Sys.AF_INET;
    this.length = isV6 ? Name.SIZE6 : Name.SIZE4;
    this.own = sockaddr(new Uint8Array(addressBytes), 0);
  }
}

const NO_ID = -1;

/** The system's own words for a code. */
const words: ReadonlyMap<string, string> = new Map(getSystemErrorMap().values());

export class NativeAsker implements Asker, Attended {
  readonly #world: World;
  readonly #native: Native;
  readonly #aloneMax: number;
  readonly #v4 = new Names(IPV4_BYTES);
  readonly #v6 = new Names(IPV6_BYTES);
  readonly #peers = new Map<string, Peer>();
  readonly #query = steady(MESSAGE_BYTES_MAX);
  readonly #datagram = steady(MESSAGE_BYTES_MAX);
  readonly #readiness: Readiness;
  /** To be sent. */
  #due: Asking[] = [];
  /** By file descriptor. */
  readonly #sockets: (OutgoingSocket | undefined)[] = [];

  /** `aloneMax`: questions to one server that have each a socket of its own, before others share. */
  constructor(world: World, native: Native, loop: Loop, aloneMax: number) {
    this.#world = world;
    this.#native = native;
    this.#aloneMax = aloneMax;
    this.#readiness = new Readiness(native, loop, this);
  }

  /** What is asked in one turn of the loop leaves together: whom it wakes finds more to do. */
  ask(asking: Asking): void {
    this.#due.push(asking);
    this.#readiness.attend();
  }

  send(): void {
    if (this.#due.length === 0) return;
    const due = this.#due;
    this.#due = [];
    for (const asking of due) this.#ask(asking);
  }

  #ask(asking: Asking): void {
    const { to, query } = asking.exchange;
    const id = u16(query, 0);
    const socket = this.#socketFor(to.address, to.port, id);
    const refusal = socket instanceof OutgoingSocket ? this.#send(socket, query) : socket;
    if (refusal !== undefined || !(socket instanceof OutgoingSocket)) {
      // Who is told so goes on before anybody waits for the sockets.
      this.#readiness.attend();
      asking.end(undefined, refusal);
      return;
    }
    const question: Carried = { id, asking };
    socket.carry(question);
    const over = (): void => {
      this.#doubt(socket);
      this.#end(socket, question);
    };
    asking.begin(over, () => this.#retire(socket));
  }

  /** Descriptors belong to the process: they would outlive this thread. */
  close(): void {
    for (const asking of this.#due.splice(0)) asking.end();
    for (const socket of this.#sockets) if (socket !== undefined) this.#endAll(socket);
    this.#readiness.close();
  }

  /** The server at an address, whose text is read once. */
  #peerAt(address: string): Peer {
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    const name = sockaddr(parseIp(address) as Uint8Array, 0);
    const peer: Peer = { name, socket: undefined, open: 0, alone: 0 };
    if (this.#peers.size >= SERVERS_REMEMBERED_MAX) this.#peers.clear();
    this.#peers.set(address, peer);
    return peer;
  }

  #socketFor(address: string, port: number, id: number): OutgoingSocket | Refusal {
    const peer = this.#peerAt(address);
    const isBusy = peer.open >= this.#aloneMax;
    if (isBusy && peer.socket?.mayCarry(id, port, this.#world.nowMs())) return peer.socket;
    return this.#open(peer, port);
  }

  #open(peer: Peer, port: number): OutgoingSocket | Refusal {
    const native = this.#native;
    const names = peer.name[Name.FAMILY] === Sys.AF_INET ? this.#v4 : this.#v6;
    const fd = native.socket(names.family, Sys.SOCK_DGRAM_CLOEXEC, 0);
    if (fd < 0) return this.#refusal();
    const refusal = this.#connect(fd, names, peer.name, port);
    if (refusal !== undefined) {
      native.close(fd);
      return refusal;
    }
    const socket = new OutgoingSocket(fd, peer, port, this.#world.nowMs());
    this.#sockets[fd] = socket;
    peer.open++;
    if (peer.alone > 0) peer.alone--;
    else peer.socket = socket;
    return socket;
  }

  #connect(fd: number, names: Names, name: Uint8Array, port: number): Refusal | undefined {
    const native = this.#native;
    const unbound = bindUnforeseeably(this.#world, (port) => {
      put16(names.own, Name.PORT, port);
      return native.bind(fd, names.own, names.length) < 0 ? this.#refusal() : undefined;
    });
    if (unbound !== undefined) return unbound;
    put16(name, Name.PORT, port);
    const isConnected = native.connect(fd, name, names.length) === 0 && this.#readiness.watch(fd);
    return isConnected ? undefined : this.#refusal();
  }

  #send(socket: OutgoingSocket, query: Uint8Array): Refusal | undefined {
    this.#query.set(query);
    if (this.#native.send(socket.fd, this.#query, query.length, Sys.MSG_DONTWAIT) >= 0) return undefined;
    const refusal = this.#refusal();
    // It may be about an earlier one, and is told once.
    if (!isMomentary(refusal)) this.#endAll(socket, refusal);
    else if (socket.isIdle) this.#close(socket);
    return refusal;
  }

  /** It gets no more questions. */
  #retire(socket: OutgoingSocket): void {
    if (socket.peer.socket === socket) socket.peer.socket = undefined;
  }

  /**
   * Some firewalls let one reply through to a port, and where several ways lead to a server, all that leaves
   * from one port goes the same way.
   */
  #doubt(socket: OutgoingSocket): void {
    if (socket.isShared) socket.peer.alone = UPSTREAM_ALONE_QUESTIONS;
    this.#retire(socket);
  }

  /** What came, or, on a connected socket, an ICMP "port unreachable". */
  read(fd: number): void {
    const socket = this.#sockets[fd];
    if (socket === undefined) return;
    for (let left = UPSTREAM_DATAGRAMS_PER_TURN_MAX; left > 0; left--) {
      const length = this.#native.recv(fd, this.#datagram, MESSAGE_BYTES_MAX, Sys.MSG_DONTWAIT);
      if (length < 0) {
        const refusal = this.#refusal();
        if (!isMomentary(refusal)) this.#endAll(socket, refusal);
        return;
      }
      this.#hear(socket, this.#datagram.subarray(0, length));
      if (socket.isIdle) return;
    }
  }

  #hear(socket: OutgoingSocket, datagram: Uint8Array): void {
    const id = datagram.length < 2 ? NO_ID : u16(datagram, 0);
    if (socket.hasAsked(id)) {
      const question = socket.waitingFor(id);
      if (question?.asking.judge(datagram)) this.#end(socket, question, datagram);
      return;
    }
    // Whoever has guessed the port may be after any of them (RFC 5452 §9.1).
    this.#doubt(socket);
    for (const question of socket.waiting) {
      if (question.asking.judge(datagram)) this.#end(socket, question, datagram);
    }
  }

  #endAll(socket: OutgoingSocket, refusal?: Refusal): void {
    this.#retire(socket);
    if (socket.isIdle) this.#close(socket);
    for (const question of socket.waiting) this.#end(socket, question, undefined, refusal);
  }

  #end(socket: OutgoingSocket, question: Carried, reply?: Uint8Array, refusal?: Refusal): void {
    socket.drop(question);
    if (socket.isIdle) this.#close(socket);
    question.asking.end(reply, refusal);
  }

  #close(socket: OutgoingSocket): void {
    this.#retire(socket);
    this.#sockets[socket.fd] = undefined;
    socket.peer.open--;
    this.#readiness.forget();
    this.#native.close(socket.fd);
  }

  #refusal(): Refusal {
    const code = this.#native.errno();
    return { code, why: words.get(code) ?? code };
  }
}

const isMomentary = ({ code }: Refusal): boolean => code === 'EAGAIN' || code === 'EINTR';

/**
 * Questions by the system's own calls. Every query has a socket of its own, connected, so that the kernel
 * turns away other senders and tells when a port is closed. Here they are opened and read; `Readiness` says
 * which of them have something to read.
 */
import { getSystemErrorMap } from 'node:util';
import { put16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, parseIp } from '../base/ip.ts';
import {
  MESSAGE_BYTES_MAX,
  SERVERS_REMEMBERED_MAX,
  UPSTREAM_DATAGRAMS_PER_TURN_MAX,
} from '../base/limits.ts';
import { Roster } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { Name, type Native, Sys, steady } from './native.ts';
import { sockaddr } from './udp-socket.ts';
import {
  type Asker,
  bindUnforeseeably,
  type Ended,
  type Judge,
  type Refusal,
  waitFor,
} from './upstream-asker.ts';
import { Readiness } from './upstream-readiness.ts';

/** A question whose reply has not come. */
interface Waiting {
  readonly judge: Judge;
  readonly ended: Ended;
  readonly cancel: () => void;
}

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

/** The system's own words for a code. */
const words: ReadonlyMap<string, string> = new Map(getSystemErrorMap().values());

export class NativeAsker implements Asker {
  readonly #world: World;
  readonly #native: Native;
  readonly #v4 = new Names(IPV4_BYTES);
  readonly #v6 = new Names(IPV6_BYTES);
  readonly #peers = new Map<string, Uint8Array>();
  readonly #query = steady(MESSAGE_BYTES_MAX);
  readonly #datagram = steady(MESSAGE_BYTES_MAX);
  readonly #readiness: Readiness;
  /** By file descriptor. */
  readonly #waiting = new Roster<number, Waiting>();

  constructor(world: World, native: Native) {
    this.#world = world;
    this.#native = native;
    this.#readiness = new Readiness(native, (fd) => this.#read(fd));
  }

  ask(...[{ address, port }, query, ms, judge, ended, overdue]: Parameters<Asker['ask']>): void {
    const peer = this.#peerAt(address);
    put16(peer, Name.PORT, port);
    const names = peer[Name.FAMILY] === Sys.AF_INET ? this.#v4 : this.#v6;
    const fd = this.#native.socket(names.family, Sys.SOCK_DGRAM_CLOEXEC, 0);
    const refusal = fd < 0 ? this.#refusal() : this.#send(fd, names, peer, query);
    if (refusal !== undefined) {
      if (fd >= 0) this.#native.close(fd);
      ended(undefined, refusal);
      return;
    }
    const cancel = waitFor(this.#world, ms, overdue, () => this.#end(fd, undefined));
    this.#waiting.set(fd, { judge, ended, cancel });
  }

  /** Descriptors belong to the process: they would outlive this thread. */
  close(): void {
    for (const [fd] of [...this.#waiting]) this.#end(fd, undefined);
    this.#readiness.close();
  }

  /** The socket address of a text, which is read once. */
  #peerAt(address: string): Uint8Array {
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    const peer = sockaddr(parseIp(address) as Uint8Array, 0);
    if (this.#peers.size >= SERVERS_REMEMBERED_MAX) this.#peers.clear();
    this.#peers.set(address, peer);
    return peer;
  }

  #send(fd: number, names: Names, peer: Uint8Array, query: Uint8Array): Refusal | undefined {
    const native = this.#native;
    const unbound = bindUnforeseeably(this.#world, (port) => {
      put16(names.own, Name.PORT, port);
      return native.bind(fd, names.own, names.length) < 0 ? this.#refusal() : undefined;
    });
    if (unbound !== undefined) return unbound;
    this.#query.set(query);
    const isSent =
      native.connect(fd, peer, names.length) === 0 &&
      native.send(fd, this.#query, query.length, Sys.MSG_DONTWAIT) >= 0 &&
      this.#readiness.watch(fd);
    return isSent ? undefined : this.#refusal();
  }

  /** What came, or, on a connected socket, an ICMP "port unreachable". */
  #read(fd: number): void {
    for (let left = UPSTREAM_DATAGRAMS_PER_TURN_MAX; left > 0; left--) {
      const waiting = this.#waiting.get(fd);
      if (waiting === undefined) return;
      const length = this.#native.recv(fd, this.#datagram, MESSAGE_BYTES_MAX, Sys.MSG_DONTWAIT);
      if (length < 0) {
        const refusal = this.#refusal();
        if (refusal.code !== 'EAGAIN' && refusal.code !== 'EINTR') this.#end(fd, undefined, refusal);
        return;
      }
      const datagram = this.#datagram.subarray(0, length);
      if (waiting.judge(datagram)) this.#end(fd, new Uint8Array(datagram));
    }
  }

  #end(fd: number, reply: Uint8Array | undefined, refusal?: Refusal): void {
    const { cancel, ended } = this.#waiting.get(fd) as Waiting;
    cancel();
    this.#waiting.delete(fd);
    this.#readiness.forget();
    this.#native.close(fd);
    ended(reply, refusal);
  }

  #refusal(): Refusal {
    const code = this.#native.errno();
    return { code, why: words.get(code) ?? code };
  }
}

/**
 * Datagrams by the batch: one call receives up to UDP_BATCH_MAX of them, each is answered where it stands,
 * one call sends the answers. All memory is laid out once; a query costs no object. Answers close ranks: the
 * n-th answer leaves from slot n, which a query before it has left. Queries whose answers come later are
 * packed, each with the way back (`udp-return`), for whoever will answer them. Nothing here throws for what
 * the network does.
 */
import { type Bytes, copyOf, u16 } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { MESSAGE_BYTES_MAX, UDP_BATCH_MAX, UDP_QUERY_BYTES_MAX, UDP_SEND_WAIT_MS } from '../base/limits.ts';
import { type Answerer, type Client, DROP, type Endpoint, LATER, neverAsks } from './door.ts';
import {
  Control,
  Header,
  Iovec,
  Name,
  type Native,
  PktInfo4,
  PktInfo6,
  PollFd,
  reasonOf,
  Sys,
  steady,
} from './native.ts';
import { askedAt, type Bag, controlBytes } from './udp-return.ts';
import type { UdpSocket } from './udp-socket.ts';

/** Apart by more than a power of two, or a few lines of the processor's cache would serve all slots. */
const IN_STRIDE = UDP_QUERY_BYTES_MAX + 64;
const OUT_STRIDE = MESSAGE_BYTES_MAX + 1 + 320;

/** RFC 4291 §2.7: the first byte of an address. */
const MULTICAST_V6 = 0xff;

/** RFC 4291 §2.5.6: fe80::/10. */
const isLinkLocal = (bytes: Bytes, at: number): boolean =>
  bytes[at] === 0xfe && ((bytes[at + 1] as number) & 0xc0) === 0x80;

/** Headers for a batch, and what they point to. */
class Headers {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array;
  readonly iovecs: Uint32Array;
  /** One view of each slot's bytes. */
  readonly slots: readonly Uint8Array[];

  constructor(native: Native, names: Bytes, controls: Bytes, stride: number, room: number) {
    const slots = steady(UDP_BATCH_MAX * stride);
    const iovecs = steady(UDP_BATCH_MAX * Iovec.SIZE);
    this.bytes = steady(UDP_BATCH_MAX * Header.SIZE);
    this.words = new Uint32Array(this.bytes.buffer);
    this.iovecs = new Uint32Array(iovecs.buffer);
    this.slots = Array.from({ length: UDP_BATCH_MAX }, (_, i) =>
      slots.subarray(i * stride, i * stride + room),
    );
    const headers = new DataView(this.bytes.buffer);
    const parts = new DataView(iovecs.buffer);
    const addresses = [names, controls, slots, iovecs].map((each) => native.address(each));
    const [name = 0n, control = 0n, slot = 0n, iovec = 0n] = addresses;
    for (let i = 0; i < UDP_BATCH_MAX; i++) {
      const at = i * Header.SIZE;
      headers.setBigUint64(at + Header.NAME, name + BigInt(i * Name.SIZE), true);
      headers.setBigUint64(at + Header.IOV, iovec + BigInt(i * Iovec.SIZE), true);
      headers.setBigUint64(at + Header.IOV_COUNT, 1n, true);
      headers.setBigUint64(at + Header.CONTROL, control + BigInt(i * Control.SIZE), true);
      parts.setBigUint64(i * Iovec.SIZE + Iovec.BASE, slot + BigInt(i * stride), true);
      parts.setBigUint64(i * Iovec.SIZE + Iovec.LENGTH, BigInt(room), true);
    }
  }

  get(i: number, field: number): number {
    return this.words[(i * Header.SIZE + field) >> 2] as number;
  }

  set(i: number, field: number, value: number): void {
    this.words[(i * Header.SIZE + field) >> 2] = value;
  }

  setSlotLength(i: number, length: number): void {
    this.iovecs[(i * Iovec.SIZE + Iovec.LENGTH) >> 2] = length;
  }
}

interface MutableClient {
  readonly transport: 'udp';
  address: Bytes;
  port: number;
  readonly local: Endpoint;
}

export class Batch {
  readonly #native: Native;
  readonly #counters: Counters;
  /** Where queries go that are answered later. */
  readonly #bag: Bag;
  /** Senders and destinations, as the kernel writes them for slot n and reads them again for answer n. */
  readonly #names = steady(UDP_BATCH_MAX * Name.SIZE);
  readonly #controls = steady(UDP_BATCH_MAX * Control.SIZE);
  readonly #nameWords = new Uint32Array(this.#names.buffer);
  readonly #controlWords = new Uint32Array(this.#controls.buffer);
  readonly #in: Headers;
  readonly #out: Headers;
  readonly #lengths = new Uint16Array(UDP_BATCH_MAX);
  readonly #address4 = new Uint8Array(IPV4_BYTES);
  readonly #address6 = new Uint8Array(IPV6_BYTES);
  readonly #client: MutableClient;
  /** Slot of the query in hand. */
  #asking = 0;
  readonly #wait = steady(PollFd.SIZE);
  #received = UDP_BATCH_MAX;
  #wasWildcard = false;
  #socket: UdpSocket | undefined;

  constructor(native: Native, counters: Counters, bag: Bag) {
    this.#native = native;
    this.#counters = counters;
    this.#bag = bag;
    const localOf = (): Endpoint => this.#local();
    this.#client = {
      transport: 'udp',
      address: this.#address4,
      port: 0,
      // Own and enumerable: who copies the client has it too.
      get local() {
        return localOf();
      },
    };
    this.#in = new Headers(native, this.#names, this.#controls, IN_STRIDE, UDP_QUERY_BYTES_MAX);
    this.#out = new Headers(native, this.#names, this.#controls, OUT_STRIDE, MESSAGE_BYTES_MAX);
  }

  /** How many datagrams came; with `mayWait` none only after FRONT_WAKE_MS. */
  receive(socket: UdpSocket, mayWait: boolean): number {
    this.#socket = socket;
    const headers = this.#in;
    // What the call before has written over; for a socket of the other kind, everything.
    const stale = socket.isWildcard === this.#wasWildcard ? this.#received : UDP_BATCH_MAX;
    this.#wasWildcard = socket.isWildcard;
    for (let i = 0; i < stale; i++) {
      headers.set(i, Header.NAME_LENGTH, Name.SIZE);
      headers.set(i, Header.CONTROL_LENGTH, socket.isWildcard ? Control.SIZE : 0);
    }
    const flags = mayWait ? Sys.MSG_WAITFORONE : Sys.MSG_DONTWAIT;
    const count = this.#native.recvmmsg(socket.fd, headers.bytes, UDP_BATCH_MAX, flags, null);
    // Nothing came, a signal did, or the system reports a peer gone: there is always a next time.
    if (count < 0) reasonOf(this.#native, 'recvmmsg');
    this.#received = Math.max(count, 0);
    return this.#received;
  }

  /** Answers what the last call received. */
  answer(answerer: Answerer): void {
    const socket = this.#socket as UdpSocket;
    let answers = 0;
    for (let i = 0; i < this.#received; i++) this.#lengths[i] = this.#in.get(i, Header.LENGTH);
    answerer.foresee?.(this.#in.slots, this.#lengths, this.#received);
    for (let i = 0; i < this.#received; i++) {
      if (!this.#isQuery(i, socket)) continue;
      const length = this.#lengths[i] as number;
      const packet = this.#in.slots[i] as Uint8Array;
      const out = this.#out.slots[answers] as Uint8Array;
      const size = answerer.answer(packet, length, this.#client as Client, out, unexpected);
      if (size === DROP) continue;
      if (socket.isWildcard) this.#aim(i, socket.isV6);
      if (size === LATER) this.#pack(i, socket, packet, length);
      else this.#queue(i, answers++, size, socket);
    }
    if (answers > 0) this.#send(socket.fd, answers);
  }

  /** Sees who asks. */
  #isQuery(i: number, { isV6, isWildcard }: UdpSocket): boolean {
    const at = i * Name.SIZE;
    const names = this.#names;
    const port = u16(names, at + Name.PORT);
    const isWhole = (this.#in.get(i, Header.FLAGS) & Sys.MSG_TRUNC) === 0;
    if (!isWhole || neverAsks(port) || (isWildcard && !this.#isForUs(i, isV6))) {
      this.#counters.bump(isWhole ? Counter.udpDropped : Counter.udpOversized);
      return false;
    }
    this.#counters.bump(Counter.udpReceived);
    const address = isV6 ? this.#address6 : this.#address4;
    const from = at + (isV6 ? Name.ADDRESS6 : Name.ADDRESS4);
    for (let b = 0; b < address.length; b++) address[b] = names[from + b] as number;
    this.#client.address = address;
    this.#client.port = port;
    this.#asking = i;
    return true;
  }

  #local(): Endpoint {
    const { isV6, isWildcard, addressBytes, port } = this.#socket as UdpSocket;
    const at = askedAt(this.#asking * Control.SIZE, isV6);
    return {
      address: isWildcard ? copyOf(this.#controls, at, at + addressBytes.length) : addressBytes,
      port,
    };
  }

  /**
   * Sent to one host, and not to all that listen on a network: such a query has no address to answer from,
   * and would make every server there answer one forged sender.
   */
  #isForUs(i: number, isV6: boolean): boolean {
    const at = i * Control.SIZE + Control.CONTENT;
    if (isV6) return this.#controls[at + PktInfo6.ADDRESS] !== MULTICAST_V6;
    const words = this.#controlWords;
    return words[(at + PktInfo4.SOURCE) >> 2] === words[(at + PktInfo4.SEEN) >> 2];
  }

  /**
   * RFC 2181 §4.1: the answer leaves from the address that was asked. By which interface is the routing
   * table's to say, as for any answer; but a link-local address is one of its interface (RFC 4007 §6).
   */
  #aim(i: number, isV6: boolean): void {
    const at = i * Control.SIZE + Control.CONTENT;
    if (!isV6) this.#controlWords[(at + PktInfo4.INDEX) >> 2] = 0;
    else if (!isLinkLocal(this.#controls, at)) this.#controlWords[(at + PktInfo6.INDEX) >> 2] = 0;
  }

  /** Puts the answer in slot `n` on its way to who asked from slot `i`; `n` is never behind it. */
  #queue(i: number, n: number, size: number, { isV6, isWildcard }: UdpSocket): void {
    const out = this.#out;
    if (n !== i) {
      const names = this.#nameWords;
      for (let w = 0; w < Name.SIZE >> 2; w++) {
        names[((n * Name.SIZE) >> 2) + w] = names[((i * Name.SIZE) >> 2) + w] as number;
      }
      const controls = this.#controlWords;
      for (let w = 0; isWildcard && w < Control.SIZE >> 2; w++) {
        controls[((n * Control.SIZE) >> 2) + w] = controls[((i * Control.SIZE) >> 2) + w] as number;
      }
    }
    out.setSlotLength(n, size);
    out.set(n, Header.NAME_LENGTH, isV6 ? Name.SIZE6 : Name.SIZE4);
    out.set(n, Header.CONTROL_LENGTH, isWildcard ? controlBytes(isV6) : 0);
  }

  #pack(i: number, socket: UdpSocket, packet: Bytes, length: number): void {
    const name = i * Name.SIZE;
    const control = i * Control.SIZE;
    if (this.#bag.put(socket, this.#names, name, this.#controls, control, packet, length)) return;
    this.#counters.bump(Counter.handOversDropped);
  }

  #send(fd: number, count: number): void {
    let sent = 0;
    let hasWaited = false;
    while (sent < count) {
      // A pointer to the middle of the headers is a view of them: rare, since almost always all go at once.
      const rest = sent === 0 ? this.#out.bytes : this.#out.bytes.subarray(sent * Header.SIZE);
      const taken = this.#native.sendmmsg(fd, rest, count - sent, Sys.MSG_DONTWAIT);
      if (taken > 0) {
        this.#counters.add(Counter.udpSent, taken);
        sent += taken;
        continue;
      }
      const reason = reasonOf(this.#native, 'sendmmsg');
      if (reason === 'EINTR') continue;
      if (reason === 'EAGAIN' && !hasWaited) {
        hasWaited = true;
        this.#waitForRoom(fd);
      } else if (reason === 'EAGAIN') {
        this.#counters.add(Counter.udpSendQueueFull, count - sent);
        return;
      } else {
        // What the system will not send (EPERM, EMSGSIZE, ENETUNREACH, …) costs that one its answer only.
        this.#counters.bump(Counter.udpSendFailed);
        sent += 1;
      }
    }
  }

  #waitForRoom(fd: number): void {
    const view = new DataView(this.#wait.buffer);
    view.setInt32(PollFd.FD, fd, true);
    view.setInt16(PollFd.EVENTS, Sys.POLLOUT, true);
    this.#native.poll(this.#wait, 1, UDP_SEND_WAIT_MS);
  }
}

/** Who answers LATER from a batch answers by the way back that was packed. */
const unexpected = (): void => {};

/**
 * The way back for answers that come later than their batch: a bag of queries, each with the socket it came
 * to, who asked, and at which of our addresses. Whoever receives fills the bag and posts its bytes to the
 * resolver thread; there they are opened, and each answer leaves from the socket it was asked at: file
 * descriptors belong to the whole process. A query that came another way (TCP, `dgram`) has a ticket instead,
 * with which its answer is posted back.
 *
 *   a query in a bag: 0 file descriptor or -1, 4 bytes of the packet, 8 bytes of control, and 2^16 where it
 *                     came over TCP, 12 ticket (32 bits each, in the machine's order); 16 sockaddr (32);
 *                     48 control (64); 112 our address that was asked (16), 128 its port, or 0 where neither
 *                     is known (32 bits); 132 the packet, filled up to 4 bytes
 */
import { type Bytes, copy, copyOf, put16, u16 } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { UDP_BATCH_MAX, UDP_BYTES_CONFIGURABLE_MAX, UDP_QUERY_BYTES_MAX } from '../base/limits.ts';
import { Roster } from '../base/roster.ts';
import type { Client } from './door.ts';
import {
  Control,
  Header,
  Iovec,
  Name,
  type Native,
  PktInfo4,
  PktInfo6,
  reasonOf,
  Sys,
  steady,
} from './native.ts';
import type { UdpSocket } from './udp-socket.ts';

const NAME_AT = 16;
const CONTROL_AT = NAME_AT + Name.SIZE;
const LOCAL_AT = CONTROL_AT + Control.SIZE;
const PORT_AT = LOCAL_AT + IPV6_BYTES;
const PACKET_AT = PORT_AT + 4;

export const controlBytes = (isV6: boolean): number => (isV6 ? PktInfo6.SPACE : PktInfo4.SPACE);
/** In the place of a file descriptor: the answer is posted. */
const POSTED = -1;
const OVER_TCP = 2 ** 16;
const padded = (length: number): number => (length + 3) & ~3;

/** Where the address that was asked stands in a control message. */
export const askedAt = (controlAt: number, isV6: boolean): number =>
  controlAt + Control.CONTENT + (isV6 ? PktInfo6.ADDRESS : PktInfo4.SEEN);

export class Bag {
  readonly #bytes = steady(UDP_BATCH_MAX * (PACKET_AT + UDP_QUERY_BYTES_MAX));
  readonly #words = new Uint32Array(this.#bytes.buffer);
  #used = 0;
  #count = 0;

  /** False: there is no room for another one. */
  put(
    socket: UdpSocket,
    names: Bytes,
    nameAt: number,
    controls: Bytes,
    controlAt: number,
    packet: Bytes,
    length: number,
  ): boolean {
    const at = this.#used;
    if (at + PACKET_AT + padded(length) > this.#bytes.length) return false;
    this.#words[at >> 2] = socket.fd;
    this.#words[(at >> 2) + 1] = length;
    const { isV6, isWildcard, addressBytes } = socket;
    this.#words[(at >> 2) + 2] = isWildcard ? controlBytes(isV6) : 0;
    this.#words[(at >> 2) + 3] = 0;
    if (isWildcard) copy(controls, askedAt(controlAt, isV6), this.#bytes, at + LOCAL_AT, addressBytes.length);
    else copy(addressBytes, 0, this.#bytes, at + LOCAL_AT, addressBytes.length);
    this.#words[(at + PORT_AT) >> 2] = socket.port;
    copy(names, nameAt, this.#bytes, at + NAME_AT, Name.SIZE);
    copy(controls, controlAt, this.#bytes, at + CONTROL_AT, Control.SIZE);
    copy(packet, 0, this.#bytes, at + PACKET_AT, length);
    this.#used = at + PACKET_AT + padded(length);
    this.#count += 1;
    return true;
  }

  /** As `put`, for a query that came neither by a socket of ours nor has an answer that leaves by one. */
  putPosted(ticket: number, client: Client, packet: Bytes, length: number): boolean {
    const { transport, address, port, local } = client;
    const at = this.#used;
    if (at + PACKET_AT + padded(length) > this.#bytes.length) return false;
    const isV6 = address.length === IPV6_BYTES;
    this.#words[at >> 2] = POSTED;
    this.#words[(at >> 2) + 1] = length;
    this.#words[(at >> 2) + 2] = transport === 'tcp' ? OVER_TCP : 0;
    this.#words[(at >> 2) + 3] = ticket;
    if (local !== undefined) copy(local.address, 0, this.#bytes, at + LOCAL_AT, local.address.length);
    this.#words[(at + PORT_AT) >> 2] = local?.port ?? 0;
    const name = at + NAME_AT;
    this.#bytes[name + Name.FAMILY] = isV6 ? Sys.AF_INET6 : Sys.AF_INET;
    put16(this.#bytes, name + Name.PORT, port);
    copy(address, 0, this.#bytes, name + (isV6 ? Name.ADDRESS6 : Name.ADDRESS4), address.length);
    copy(packet, 0, this.#bytes, at + PACKET_AT, length);
    this.#used = at + PACKET_AT + padded(length);
    this.#count += 1;
    return true;
  }

  /** How many are in it. */
  get count(): number {
    return this.#count;
  }

  /** A copy of what is in it, which is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    this.#count = 0;
    return bytes;
  }
}

/** Where an answer goes. */
export interface WayBack {
  /** Negative where the answer is posted, by its ticket. */
  readonly fd: number;
  readonly ticket: number;
  readonly client: Client;
  /** As it stands in the bag: the name, and behind it what is used of the control. */
  readonly envelope: Bytes;
}

/** One query of a bag. While it waits it is a place in there, and nothing else: thousands may. */
export class Packed {
  readonly #bag: OpenBag;
  readonly #at: number;

  constructor(bag: OpenBag, at: number) {
    this.#bag = bag;
    this.#at = at;
  }

  get packet(): Uint8Array {
    const { bytes, words } = this.#bag;
    const packetAt = this.#at + PACKET_AT;
    return bytes.subarray(packetAt, packetAt + (words[(this.#at >> 2) + 1] as number));
  }

  /** Copies: the bag goes when all of it is read. */
  get way(): WayBack {
    const { bytes, words } = this.#bag;
    const at = this.#at;
    const word = at >> 2;
    const control = words[word + 2] as number;
    return {
      fd: (words[word] as number) | 0,
      ticket: words[word + 3] as number,
      client: clientIn(bytes, at, control >= OVER_TCP ? 'tcp' : 'udp', words[(at + PORT_AT) >> 2] as number),
      envelope: copyOf(bytes, at + NAME_AT, at + CONTROL_AT + (control & (OVER_TCP - 1))),
    };
  }
}

interface OpenBag {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/** What was put in, in order. */
export function* unpack(bytes: Uint8Array): Generator<Packed> {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const bag = { bytes, words };
  for (let at = 0; at < bytes.length; at += PACKET_AT + padded(words[(at >> 2) + 1] as number)) {
    yield new Packed(bag, at);
  }
}

function clientIn(bag: Bytes, at: number, transport: Client['transport'], localPort: number): Client {
  const name = at + NAME_AT;
  const isV6 = bag[name + Name.FAMILY] === Sys.AF_INET6;
  const bytes = isV6 ? IPV6_BYTES : IPV4_BYTES;
  const addressAt = name + (isV6 ? Name.ADDRESS6 : Name.ADDRESS4);
  return {
    transport,
    address: copyOf(bag, addressAt, addressAt + bytes),
    port: u16(bag, name + Name.PORT),
    local:
      localPort === 0
        ? undefined
        : { address: copyOf(bag, at + LOCAL_AT, at + LOCAL_AT + bytes), port: localPort },
  };
}

interface Waiting {
  readonly way: WayBack;
  readonly response: Uint8Array;
}

/** Collects answers, and sends those of one socket together. */
export class Returns {
  readonly #native: Native;
  readonly #counters: Counters;
  readonly #headers = steady(UDP_BATCH_MAX * Header.SIZE);
  readonly #iovecs = steady(UDP_BATCH_MAX * Iovec.SIZE);
  readonly #names = steady(UDP_BATCH_MAX * Name.SIZE);
  readonly #controls = steady(UDP_BATCH_MAX * Control.SIZE);
  readonly #slots = steady(UDP_BATCH_MAX * UDP_BYTES_CONFIGURABLE_MAX);
  readonly #view = new DataView(this.#headers.buffer);
  readonly #parts = new DataView(this.#iovecs.buffer);
  /** By socket. */
  readonly #waiting = new Roster<number, Waiting[]>();
  #count = 0;

  constructor(native: Native, counters: Counters) {
    this.#native = native;
    this.#counters = counters;
    const all = [this.#names, this.#controls, this.#slots, this.#iovecs];
    const [name = 0n, control = 0n, slot = 0n, iovec = 0n] = all.map((each) => native.address(each));
    for (let i = 0; i < UDP_BATCH_MAX; i++) {
      const at = i * Header.SIZE;
      this.#view.setBigUint64(at + Header.NAME, name + BigInt(i * Name.SIZE), true);
      this.#view.setBigUint64(at + Header.IOV, iovec + BigInt(i * Iovec.SIZE), true);
      this.#view.setBigUint64(at + Header.IOV_COUNT, 1n, true);
      this.#view.setBigUint64(at + Header.CONTROL, control + BigInt(i * Control.SIZE), true);
      const base = slot + BigInt(i * UDP_BYTES_CONFIGURABLE_MAX);
      this.#parts.setBigUint64(i * Iovec.SIZE + Iovec.BASE, base, true);
    }
  }

  /** Answers that were given and not sent yet. */
  get waiting(): number {
    return this.#count;
  }

  /** The response is kept until it is sent. */
  add(way: WayBack, response: Uint8Array): void {
    const same = this.#waiting.get(way.fd);
    if (same === undefined) this.#waiting.set(way.fd, [{ way, response }]);
    else same.push({ way, response });
    this.#count++;
  }

  /** Sends what waits. The number of a socket that is closed may be that of something else by now. */
  flush(isOpen: (fd: number) => boolean): void {
    for (const [fd, waiting] of this.#waiting) {
      for (let at = 0; isOpen(fd) && at < waiting.length; at += UDP_BATCH_MAX) {
        const batch = waiting.slice(at, at + UDP_BATCH_MAX);
        for (const [i, each] of batch.entries()) this.#lay(i, each);
        this.#send(fd, batch.length);
      }
      this.#waiting.delete(fd);
    }
    this.#count = 0;
  }

  #lay(i: number, { way: { envelope }, response }: Waiting): void {
    const at = i * Header.SIZE;
    const isV6 = envelope[Name.FAMILY] === Sys.AF_INET6;
    const controlLength = envelope.length - Name.SIZE;
    copy(envelope, 0, this.#names, i * Name.SIZE, Name.SIZE);
    copy(envelope, Name.SIZE, this.#controls, i * Control.SIZE, controlLength);
    this.#slots.set(response, i * UDP_BYTES_CONFIGURABLE_MAX);
    this.#view.setUint32(at + Header.NAME_LENGTH, isV6 ? Name.SIZE6 : Name.SIZE4, true);
    this.#view.setUint32(at + Header.CONTROL_LENGTH, controlLength, true);
    this.#parts.setUint32(i * Iovec.SIZE + Iovec.LENGTH, response.length, true);
  }

  #send(fd: number, count: number): void {
    for (let sent = 0; sent < count; ) {
      const rest = this.#headers.subarray(sent * Header.SIZE);
      const taken = this.#native.sendmmsg(fd, rest, count - sent, Sys.MSG_DONTWAIT);
      if (taken > 0) {
        this.#counters.add(Counter.udpSent, taken);
        sent += taken;
        continue;
      }
      const reason = reasonOf(this.#native, 'sendmmsg');
      if (reason === 'EINTR') continue;
      // Full is full for all that are left; anything else is about this one.
      const lost = reason === 'EAGAIN' ? count - sent : 1;
      this.#counters.add(reason === 'EAGAIN' ? Counter.udpSendQueueFull : Counter.udpSendFailed, lost);
      sent += lost;
    }
  }
}

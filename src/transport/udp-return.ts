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
  readonly name: Bytes;
  readonly control: Bytes;
}

export interface Packed {
  readonly way: WayBack;
  readonly packet: Uint8Array;
}

/** What was put in, in order. */
export function* unpack(bag: Uint8Array): Generator<Packed> {
  const words = new Uint32Array(bag.buffer, bag.byteOffset, bag.length >> 2);
  for (let at = 0; at < bag.length; ) {
    const [fd = 0, length = 0, control = 0, ticket = 0] = words.subarray(at >> 2, (at >> 2) + 4);
    const name = bag.subarray(at + NAME_AT, at + CONTROL_AT);
    const packetAt = at + PACKET_AT;
    const way = {
      fd: fd | 0,
      ticket,
      client: {
        ...clientOf(name, control >= OVER_TCP ? 'tcp' : 'udp'),
        local: localOf(name, bag.subarray(at + LOCAL_AT), words[(at + PORT_AT) >> 2] as number),
      },
      name: copyOf(name),
      control: copyOf(bag, at + CONTROL_AT, at + CONTROL_AT + (control & (OVER_TCP - 1))),
    };
    yield { way, packet: bag.subarray(packetAt, packetAt + length) };
    at = packetAt + padded(length);
  }
}

function clientOf(name: Bytes, transport: Client['transport']): Client {
  const isV6 = name[Name.FAMILY] === Sys.AF_INET6;
  const at = isV6 ? Name.ADDRESS6 : Name.ADDRESS4;
  const address = copyOf(name, at, at + (isV6 ? IPV6_BYTES : IPV4_BYTES));
  return { transport, address, port: u16(name, Name.PORT) };
}

function localOf(name: Bytes, address: Bytes, port: number): Client['local'] {
  const bytes = name[Name.FAMILY] === Sys.AF_INET6 ? IPV6_BYTES : IPV4_BYTES;
  return port === 0 ? undefined : { address: copyOf(address, 0, bytes), port };
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
  readonly #waiting = new Map<number, Waiting[]>();

  constructor(native: Native, counters: Counters) {
    this.#native = native;
    this.#counters = counters;
    const parts = new DataView(this.#iovecs.buffer);
    const all = [this.#names, this.#controls, this.#slots, this.#iovecs];
    const [name = 0n, control = 0n, slot = 0n, iovec = 0n] = all.map((each) => native.address(each));
    for (let i = 0; i < UDP_BATCH_MAX; i++) {
      const at = i * Header.SIZE;
      this.#view.setBigUint64(at + Header.NAME, name + BigInt(i * Name.SIZE), true);
      this.#view.setBigUint64(at + Header.IOV, iovec + BigInt(i * Iovec.SIZE), true);
      this.#view.setBigUint64(at + Header.IOV_COUNT, 1n, true);
      this.#view.setBigUint64(at + Header.CONTROL, control + BigInt(i * Control.SIZE), true);
      const base = slot + BigInt(i * UDP_BYTES_CONFIGURABLE_MAX);
      parts.setBigUint64(i * Iovec.SIZE + Iovec.BASE, base, true);
    }
  }

  /** Answers that were given and not sent yet. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** The response is kept until it is sent. */
  add(way: WayBack, response: Uint8Array): void {
    const same = this.#waiting.get(way.fd);
    if (same === undefined) this.#waiting.set(way.fd, [{ way, response }]);
    else same.push({ way, response });
  }

  /** Sends what waits. The number of a socket that is closed may be that of something else by now. */
  flush(isOpen: (fd: number) => boolean): void {
    for (const [fd, waiting] of this.#waiting) {
      for (let at = 0; isOpen(fd) && at < waiting.length; at += UDP_BATCH_MAX) {
        const batch = waiting.slice(at, at + UDP_BATCH_MAX);
        for (const [i, each] of batch.entries()) this.#lay(i, each);
        this.#send(fd, batch.length);
      }
    }
    this.#waiting.clear();
  }

  #lay(i: number, { way: { name, control }, response }: Waiting): void {
    const at = i * Header.SIZE;
    const isV6 = name[Name.FAMILY] === Sys.AF_INET6;
    this.#names.set(name, i * Name.SIZE);
    this.#controls.set(control, i * Control.SIZE);
    this.#slots.set(response, i * UDP_BYTES_CONFIGURABLE_MAX);
    this.#view.setUint32(at + Header.NAME_LENGTH, isV6 ? Name.SIZE6 : Name.SIZE4, true);
    this.#view.setUint32(at + Header.CONTROL_LENGTH, control.length, true);
    const lengthAt = i * Iovec.SIZE + Iovec.LENGTH;
    new DataView(this.#iovecs.buffer).setUint32(lengthAt, response.length, true);
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

/**
 * The way back for answers that come later than their batch: a bag of queries, each with the socket it came
 * to, who asked, and at which of our addresses. A front fills the bag, posts its bytes to the control thread,
 * and there they are opened and each answer leaves from the socket it was asked at: file descriptors belong
 * to the whole process.
 *
 *   a query in a bag: 0 file descriptor, 4 bytes of the packet, 8 bytes of control, 12 our port (u32 each,
 *                     in the machine's order); 16 sockaddr (32); 48 control (64); 112 our address (16);
 *                     128 the packet, filled up to 4 bytes
 */
import { type Bytes, copy, copyOf, u16 } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { UDP_BATCH_MAX, UDP_QUERY_BYTES_MAX } from '../base/limits.ts';
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
const PACKET_AT = LOCAL_AT + IPV6_BYTES;

export const controlBytes = (isV6: boolean): number => (isV6 ? PktInfo6.SPACE : PktInfo4.SPACE);
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
    this.#words[(at >> 2) + 2] = socket.isWildcard ? controlBytes(socket.isV6) : 0;
    this.#words[(at >> 2) + 3] = socket.port;
    const { isV6, isWildcard, addressBytes } = socket;
    if (isWildcard) copy(controls, askedAt(controlAt, isV6), this.#bytes, at + LOCAL_AT, addressBytes.length);
    else copy(addressBytes, 0, this.#bytes, at + LOCAL_AT, addressBytes.length);
    copy(names, nameAt, this.#bytes, at + NAME_AT, Name.SIZE);
    copy(controls, controlAt, this.#bytes, at + CONTROL_AT, Control.SIZE);
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
  readonly fd: number;
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
    const [fd = 0, length = 0, control = 0, port = 0] = words.subarray(at >> 2, (at >> 2) + 4);
    const name = bag.subarray(at + NAME_AT, at + CONTROL_AT);
    const packetAt = at + PACKET_AT;
    const way = {
      fd,
      client: clientOf(name, bag.subarray(at + LOCAL_AT, packetAt), port),
      name: copyOf(name),
      control: copyOf(bag, at + CONTROL_AT, at + CONTROL_AT + control),
    };
    yield { way, packet: bag.subarray(packetAt, packetAt + length) };
    at = packetAt + padded(length);
  }
}

function clientOf(name: Bytes, ours: Bytes, ourPort: number): Client {
  const isV6 = name[Name.FAMILY] === Sys.AF_INET6;
  const at = isV6 ? Name.ADDRESS6 : Name.ADDRESS4;
  const bytes = isV6 ? IPV6_BYTES : IPV4_BYTES;
  const local = { address: copyOf(ours, 0, bytes), port: ourPort };
  return { transport: 'udp', address: copyOf(name, at, at + bytes), port: u16(name, Name.PORT), local };
}

/** Sends one answer at a time. */
export class Returns {
  readonly #native: Native;
  readonly #counters: Counters;
  readonly #header = steady(Header.SIZE);
  readonly #iovec = steady(Iovec.SIZE);
  readonly #name = steady(Name.SIZE);
  readonly #control = steady(Control.SIZE);
  readonly #bytes = steady(2 ** 16);

  constructor(native: Native, counters: Counters) {
    this.#native = native;
    this.#counters = counters;
    const header = new DataView(this.#header.buffer);
    header.setBigUint64(Header.NAME, native.address(this.#name), true);
    header.setBigUint64(Header.IOV, native.address(this.#iovec), true);
    header.setBigUint64(Header.IOV_COUNT, 1n, true);
    header.setBigUint64(Header.CONTROL, native.address(this.#control), true);
    new DataView(this.#iovec.buffer).setBigUint64(Iovec.BASE, native.address(this.#bytes), true);
  }

  send({ fd, name, control }: WayBack, response: Bytes): void {
    const header = new DataView(this.#header.buffer);
    this.#name.set(name);
    this.#control.set(control);
    this.#bytes.set(response);
    const nameLength = name[Name.FAMILY] === Sys.AF_INET6 ? Name.SIZE6 : Name.SIZE4;
    header.setUint32(Header.NAME_LENGTH, nameLength, true);
    header.setUint32(Header.CONTROL_LENGTH, control.length, true);
    new DataView(this.#iovec.buffer).setUint32(Iovec.LENGTH, response.length, true);
    for (;;) {
      if (this.#native.sendmmsg(fd, this.#header, 1, Sys.MSG_DONTWAIT) === 1) {
        this.#counters.bump(Counter.udpSent);
        return;
      }
      const reason = reasonOf(this.#native, 'sendmmsg');
      if (reason === 'EINTR') continue;
      this.#counters.bump(reason === 'EAGAIN' ? Counter.udpSendQueueFull : Counter.udpSendFailed);
      return;
    }
  }
}

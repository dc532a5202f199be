/**
 * Asks one peer on loopback, many questions at a time: one UDP socket, and one TCP connection on which
 * questions are pipelined (RFC 7766 §6.2.1.1). Answers are matched by ID, which this client chooses; lost
 * datagrams are asked again.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { put16, u16 } from '../../src/base/bytes.ts';
import { Type } from '../../src/wire/codes.ts';
import { type Message, readMessage, writeQuery } from '../../src/wire/message.ts';
import { parseName, ROOT } from '../../src/wire/name.ts';

const WINDOW = 64;
const TRY_MS = 1_500;
const TRIES = 4;
const PROBE_MS = 60;

export type Transport = 'udp' | 'tcp';

interface Waiting {
  readonly settle: (response: Uint8Array | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

export class PeerClient {
  readonly #port: number;
  readonly #udp: UdpSocket;
  #tcp: Socket | undefined;
  #inbox = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();

  private constructor(port: number, udp: UdpSocket) {
    this.#port = port;
    this.#udp = udp;
    udp.on('message', (response) => this.#received(response));
    udp.on('error', () => undefined); // Not listening yet; the try times out.
  }

  static async open(port: number): Promise<PeerClient> {
    const udp = createSocket('udp4');
    udp.connect(port, '127.0.0.1');
    await once(udp, 'connect');
    return new PeerClient(port, udp);
  }

  /** Whether it is up yet: the SOA of a zone. */
  async probe(apex: string): Promise<Message | undefined> {
    const spelled = parseName(Buffer.from(apex), ROOT);
    if (typeof spelled === 'string') throw new Error(spelled);
    const response = await this.#try(
      writeQuery({ id: 0, spelled, type: Type.SOA, class: 1 }),
      'udp',
      PROBE_MS,
    );
    return response && readMessage(response);
  }

  async ask(query: Uint8Array, transport: Transport): Promise<Uint8Array> {
    for (let tries = 0; tries < TRIES; tries++) {
      const response = await this.#try(query, transport, TRY_MS);
      if (response !== undefined) return response;
    }
    throw new Error(`no response over ${transport} to ${Buffer.from(query).toString('hex')}`);
  }

  /** The responses in the order of the questions. */
  async askAll(questions: readonly { packet: Uint8Array; transport: Transport }[]): Promise<Uint8Array[]> {
    const responses: Uint8Array[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < questions.length; i = next++) {
        const question = questions[i]!;
        responses[i] = await this.ask(question.packet, question.transport);
      }
    };
    await Promise.all(Array.from({ length: WINDOW }, lane));
    return responses;
  }

  close(): void {
    for (const { settle } of [...this.#waiting.values()]) settle(undefined);
    this.#udp.close();
    this.#tcp?.destroy();
  }

  async #try(query: Uint8Array, transport: Transport, ms: number): Promise<Uint8Array | undefined> {
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffff) + 1;
    const packet = query.slice();
    put16(packet, 0, id);
    const response = await new Promise<Uint8Array | undefined>((resolve) => {
      const settle = (bytes: Uint8Array | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(bytes);
      };
      const timer = setTimeout(() => settle(undefined), ms);
      this.#waiting.set(id, { settle, timer });
      if (transport === 'udp') this.#udp.send(packet);
      else this.#connection().write(framed(packet));
    });
    if (response !== undefined) put16(response, 0, u16(query, 0));
    return response;
  }

  #received(response: Uint8Array): void {
    if (response.length >= 2) this.#waiting.get(u16(response, 0))?.settle(response.slice());
  }

  #connection(): Socket {
    if (this.#tcp !== undefined && !this.#tcp.destroyed) return this.#tcp;
    const tcp = createConnection(this.#port, '127.0.0.1');
    this.#tcp = tcp;
    this.#inbox = Buffer.alloc(0);
    tcp.setNoDelay(true);
    tcp.on('error', () => tcp.destroy());
    tcp.on('close', () => tcp.destroy());
    tcp.on('data', (piece) => {
      this.#inbox = Buffer.concat([this.#inbox, piece]);
      while (this.#inbox.length >= 2 && this.#inbox.length >= 2 + u16(this.#inbox, 0)) {
        const end = 2 + u16(this.#inbox, 0);
        this.#received(this.#inbox.subarray(2, end));
        this.#inbox = this.#inbox.subarray(end);
      }
    });
    return tcp;
  }
}

function framed(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + packet.length);
  put16(frame, 0, packet.length);
  frame.set(packet, 2);
  return frame;
}

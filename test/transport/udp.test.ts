/** What only UDP does, with a socket of the test's own where the kernel would not play along. */
import type { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { UDP_SEND_QUEUE_MAX } from '../../src/base/limits.ts';
import { UdpListener } from '../../src/transport/udp.ts';
import { turns, until } from './peer.ts';
import { ask, idOf, ScriptedAnswerer } from './script.ts';

/** A dgram socket whose kernel takes datagrams when the test lets it. */
class SlowSocket extends EventEmitter {
  readonly queued: { bytes: Uint8Array; sent: (error: Error | null) => void }[] = [];
  readonly sent: Buffer[] = [];
  full = false;
  refuses: Error | null = null;

  address = () => ({ address: '127.0.0.1', port: 53, family: 'IPv4' });
  getSendQueueCount = () => this.queued.length;
  setSendBufferSize = () => {};
  setRecvBufferSize = () => {
    throw new Error('no room');
  };

  send(buffer: Buffer, ...rest: unknown[]): void {
    const sent = rest.at(-1) as (error: Error | null) => void;
    const [offset, length] = rest.length === 5 ? (rest as [number, number]) : [0, buffer.length];
    const bytes = buffer.subarray(offset, offset + length);
    if (this.full) {
      this.queued.push({ bytes, sent });
      return;
    }
    this.sent.push(Buffer.from(bytes));
    process.nextTick(sent, this.refuses);
  }

  /** The kernel takes what waits: its bytes are read only now. */
  drain(): void {
    this.full = false;
    for (let next = this.queued.shift(); next; next = this.queued.shift()) {
      this.sent.push(Buffer.from(next.bytes));
      next.sent(null);
    }
  }

  close(): void {
    this.emit('close');
  }

  receive(message: Buffer, port = 5000): void {
    this.emit('message', message, { address: '127.0.0.1', port, family: 'IPv4', size: message.length });
  }
}

let socket: SlowSocket;
let answerer: ScriptedAnswerer;
let counters: Counters;
let listener: UdpListener;
beforeEach(() => {
  socket = new SlowSocket();
  answerer = new ScriptedAnswerer();
  counters = new Counters();
  listener = new UdpListener(socket as unknown as Socket, answerer, counters);
});

test.each([0, 7, 13, 17, 19, 37])(
  'a datagram from port %i is dropped: what is there answers anything',
  (port) => {
    socket.receive(ask(1, 'echo'), port);
    expect(answerer.words).toEqual([]);
    expect(counters.record().udpDropped).toBe(1);
  },
);

test('answers that have to wait keep their bytes while others are made', () => {
  socket.full = true;
  for (let id = 0; id < 5; id++) socket.receive(ask(id, `echo ${id}`));
  socket.receive(ask(9, 'later'));
  answerer.pay(9);
  socket.drain();
  socket.receive(ask(5, 'echo 5'));
  expect(socket.sent.map(idOf)).toEqual([0, 1, 2, 3, 4, 9, 5]);
  expect(socket.sent[3]).toEqual(ask(3, 'echo 3'));
});

test('after a time of waiting, answers are sent as before', () => {
  socket.full = true;
  socket.receive(ask(1, 'echo'));
  socket.drain();
  for (let id = 2; id < 6; id++) socket.receive(ask(id, 'echo'));
  expect(socket.sent.map(idOf)).toEqual([1, 2, 3, 4, 5]);
});

test('no more than so many answers wait; the rest are dropped and counted', () => {
  socket.full = true;
  for (let id = 0; id < UDP_SEND_QUEUE_MAX + 7; id++) socket.receive(ask(id, 'echo'));
  socket.receive(ask(1, 'later'));
  answerer.pay(1);
  expect(socket.queued.length).toBe(UDP_SEND_QUEUE_MAX);
  expect(counters.record().udpSendQueueFull).toBe(8);
  socket.drain();
  socket.receive(ask(7, 'echo'));
  expect(idOf(socket.sent.at(-1) as Buffer)).toBe(7);
});

test('what the kernel will not send is counted, and nothing else', async () => {
  socket.refuses = new Error('send EMSGSIZE');
  socket.receive(ask(1, 'echo'));
  await until(() => counters.record().udpSendFailed === 1);
  socket.refuses = null;
  socket.receive(ask(2, 'echo'));
  await until(() => counters.record().udpSent === 1);
});

test('an error of the socket is survived', () => {
  socket.emit('error', new Error('recvmsg ENOMEM'));
  socket.receive(ask(1, 'echo'));
  expect(socket.sent.length).toBe(1);
});

test('closing waits for what is queued', async () => {
  socket.full = true;
  socket.receive(ask(1, 'echo'));
  let closed = false;
  const closing = listener.close().then(() => {
    closed = true;
  });
  await turns(10);
  expect(closed).toBe(false);
  socket.drain();
  await closing;
  expect(socket.sent.map(idOf)).toEqual([1]);
});

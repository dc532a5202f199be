/** Answers gathered for a stream: how many writes they take, and whose bytes they are afterwards. */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { MESSAGE_BYTES_MAX } from '../../src/base/limits.ts';
import { Connection, tcpLimits } from '../../src/transport/connection.ts';
import { Outbox } from '../../src/transport/outbox.ts';
import { Frames, framed } from '../../src/transport/stream.ts';
import { turns } from './peer.ts';
import { ask, idOf, ScriptedAnswerer, ScriptedWorld } from './script.ts';

/** A socket whose other end takes everything at once, or nothing before it is told to. */
class Pipe extends Duplex {
  /** What each call of the system was given, as it is when it is looked at. */
  readonly writes: Buffer[] = [];
  /** The sizes of the memory that was written from. */
  readonly memory: number[] = [];
  farewells = 0;
  #waiting: (() => void) | undefined;
  #isTaking = true;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes.push(
      chunks.length === 1 ? chunks[0]!.chunk : Buffer.concat(chunks.map(({ chunk }) => chunk)),
    );
    this.memory.push(...chunks.map(({ chunk }) => chunk.buffer.byteLength));
    if (this.#isTaking) done();
    else this.#waiting = done;
  }

  override _final(done: () => void): void {
    this.farewells++;
    done();
  }

  hold(): void {
    this.#isTaking = false;
  }

  release(): void {
    this.#isTaking = true;
    this.#waiting?.();
  }
}

const pipe = (): Pipe & Socket => new Pipe() as Pipe & Socket;

/** Writes each text as an answer, in one turn. */
function write(outbox: Outbox, socket: Socket, ...texts: string[]): void {
  outbox.begin(socket);
  for (const text of texts) {
    outbox.answer.write(text, 'latin1');
    outbox.add(text.length);
  }
  outbox.end();
}

function read(bytes: Buffer): string[] {
  const frames = new Frames();
  const texts: string[] = [];
  frames.feed(bytes);
  for (let message = frames.next(); message; message = frames.next()) {
    texts.push(Buffer.from(message).toString('latin1'));
  }
  return texts;
}

describe('an outbox', () => {
  const long = 'y'.repeat(40_000);
  const longest = 'z'.repeat(65_535);

  test('hands the answers of a turn over in one write', () => {
    const socket = pipe();
    write(new Outbox(), socket, 'one', '', 'three'.repeat(200));
    expect(socket.writes.map(read)).toEqual([['one', '', 'three'.repeat(200)]]);
  });

  test('with nothing to say writes nothing', () => {
    const socket = pipe();
    write(new Outbox(), socket);
    expect(socket.writes).toEqual([]);
  });

  test('writes more than once where a turn has more to say than it holds', () => {
    const socket = pipe();
    const seen: string[][] = [];
    socket._write = (chunk: Buffer, _encoding: string, done: () => void) => {
      seen.push(read(chunk));
      done();
    };
    write(new Outbox(), socket, 'a', longest, 'b', long, long, 'c');
    expect(seen).toEqual([['a'], [longest], ['b', long], [long, 'c']]);
  });

  test('uses its bytes again when the system has taken them', () => {
    const [socket, outbox] = [pipe(), new Outbox()];
    write(outbox, socket, 'one');
    write(outbox, socket, 'two');
    expect(socket.writes[0]?.buffer).toBe(socket.writes[1]?.buffer);
  });

  test('leaves what the system has not taken alone, whoever speaks next', () => {
    const [slow, quick, outbox] = [pipe(), pipe(), new Outbox()];
    slow.hold();
    write(outbox, slow, 'mine', long);
    write(outbox, quick, 'yours', longest);
    expect(slow.writes.map(read)).toEqual([['mine', long]]);
  });

  test('gives to a slow peer one outbox at most, and then copies of their own size', () => {
    const [slow, outbox] = [pipe(), new Outbox()];
    slow.hold();
    for (const text of ['one', 'two', 'three']) write(outbox, slow, text);
    slow.release();
    expect(read(Buffer.concat(slow.writes))).toEqual(['one', 'two', 'three']);
    expect(slow.memory).toEqual([2 + MESSAGE_BYTES_MAX, 2 + 'two'.length, 2 + 'three'.length]);
  });

  test('gives nobody what a turn that failed has left', () => {
    const [one, two, outbox] = [pipe(), pipe(), new Outbox()];
    outbox.begin(one);
    outbox.add(10);
    write(outbox, two, 'two');
    expect([one.writes.length, two.writes.map(read)]).toEqual([0, [['two']]]);
  });

  test('forgets what is for a socket that is gone', () => {
    const [gone, outbox] = [pipe(), new Outbox()];
    gone.destroy();
    write(outbox, gone, longest, longest, 'c');
    expect(gone.writes).toEqual([]);
  });
});

describe('a connection', () => {
  const client = { transport: 'tcp', address: Uint8Array.of(127, 0, 0, 1), port: 1 } as const;

  function connected(): { socket: Pipe & Socket; answerer: ScriptedAnswerer } {
    const [socket, answerer] = [pipe(), new ScriptedAnswerer()];
    const world = new ScriptedWorld();
    new Connection(socket, client, { answerer, world, counters: new Counters(), limits: tcpLimits });
    return { socket, answerer };
  }

  const idsOf = (bytes: Buffer): number[] => read(bytes).map((text) => idOf(Buffer.from(text, 'latin1')));

  test('answers what it reads at once with one write', async () => {
    const { socket } = connected();
    const ids = Array.from({ length: 50 }, (_, i) => i);
    socket.push(Buffer.concat(ids.map((id) => framed(ask(id, 'echo')))));
    await turns(1);
    expect(socket.writes.map(idsOf)).toEqual([ids]);
  });

  test('sends answers that come late together with one write', async () => {
    const { socket, answerer } = connected();
    const ids = [1, 2, 3, 4];
    socket.push(Buffer.concat(ids.map((id) => framed(ask(id, 'later')))));
    await turns(1);
    for (const id of [3, 1, 4]) answerer.pay(id);
    await turns(1);
    answerer.pay(2);
    await turns(1);
    expect(socket.writes.map(idsOf)).toEqual([[3, 1, 4], [2]]);
  });

  test('whose peer has said all and was told all just closes', async () => {
    const { socket } = connected();
    socket.push(framed(ask(1, 'echo')));
    socket.push(null);
    await turns(1);
    expect([socket.writes.map(idsOf), socket.destroyed, socket.farewells]).toEqual([[[1]], true, 0]);
  });

  test('whose peer has said all stays until the last answer is taken', async () => {
    const { socket } = connected();
    socket.hold();
    socket.push(framed(ask(1, 'echo')));
    socket.push(null);
    await turns(1);
    expect(socket.destroyed).toBe(false);
    socket.release();
    await turns(1);
    expect([socket.writes.map(idsOf), socket.destroyed]).toEqual([[[1]], true]);
  });
});

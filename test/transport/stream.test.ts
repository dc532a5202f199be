import { describe, expect, test } from 'vitest';
import { Frames, framed } from '../../src/transport/stream.ts';

/** All messages of these chunks, copied as they come. */
function read(frames: Frames, ...chunks: Uint8Array[]): string[] {
  const messages: string[] = [];
  for (const chunk of chunks) {
    frames.feed(chunk);
    for (let message = frames.next(); message; message = frames.next()) {
      messages.push(Buffer.from(message).toString('latin1'));
    }
  }
  return messages;
}

const texts = ['', 'a', 'two', 'x'.repeat(300), '', 'y'.repeat(65_535), 'last'];
const stream = Buffer.concat(texts.map((text) => framed(Buffer.from(text, 'latin1'))));

function cut(bytes: Uint8Array, size: (i: number) => number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + size(chunks.length));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

describe('messages in a stream [RFC 1035 §4.2.2]', () => {
  test.each([
    ['in one chunk', () => stream.length],
    ['byte by byte', () => 1],
    ['two bytes at a time', () => 2],
    ['three bytes at a time', () => 3],
    ['in pieces of many sizes', (i: number) => 1 + ((i * 7919) % 1000)],
    ['in packets', () => 1460],
  ])('come out whole however they were cut: %s', (_how, size) => {
    expect(read(new Frames(), ...cut(stream, size))).toEqual(texts);
  });

  test('the length alone may be cut', () => {
    const frame = framed(Buffer.from('abc'));
    expect(read(new Frames(), frame.subarray(0, 1), frame.subarray(1, 2), frame.subarray(2))).toEqual([
      'abc',
    ]);
  });

  test('an empty chunk changes nothing', () => {
    const frames = new Frames();
    const frame = framed(Buffer.from('abc'));
    expect(read(frames, frame.subarray(0, 3), new Uint8Array(0))).toEqual([]);
    expect(frames.partial).toBe(true);
    expect(read(frames, frame.subarray(3))).toEqual(['abc']);
  });

  test('it knows whether a message has begun and not ended', () => {
    const frames = new Frames();
    expect(frames.partial).toBe(false);
    read(frames, Uint8Array.of(0));
    expect(frames.partial).toBe(true);
    read(frames, Uint8Array.of(2, 1));
    expect(frames.partial).toBe(true);
    expect(read(frames, Uint8Array.of(1))).toEqual(['\x01\x01']);
    expect(frames.partial).toBe(false);
    expect(read(frames, Uint8Array.of(0, 1, 7, 0))).toEqual(['\x07']);
    expect(frames.partial).toBe(true);
  });

  test('reading may stop between messages and go on later', () => {
    const frames = new Frames();
    frames.feed(Buffer.concat([framed(Buffer.from('one')), framed(Buffer.from('two'))]));
    expect(Buffer.from(frames.next() ?? []).toString()).toBe('one');
    expect(() => frames.feed(Uint8Array.of(0))).toThrow('read to its end');
    expect(Buffer.from(frames.next() ?? []).toString()).toBe('two');
    expect(read(frames, framed(Buffer.from('three')))).toEqual(['three']);
  });
});

describe('a frame', () => {
  test('is the length and then the message, in one piece [RFC 7766 §8]', () => {
    expect([...framed(Uint8Array.of(1, 2, 3))]).toEqual([0, 3, 1, 2, 3]);
    expect([...framed(Uint8Array.of(1, 2, 3), 2)]).toEqual([0, 2, 1, 2]);
    expect(framed(new Uint8Array(65_535)).length).toBe(65_537);
  });

  test('holds at most what two bytes can tell', () => {
    expect(() => framed(new Uint8Array(65_536))).toThrow('two bytes');
  });
});

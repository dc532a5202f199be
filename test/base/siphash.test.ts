import { expect, test } from 'vitest';
import { sipHash24, sipHashKey } from '../../src/base/siphash.ts';

const counted = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

/** As bytes, the way the reference implementation prints it. */
function hash(message: Uint8Array): string {
  const out = new Int32Array(2);
  sipHash24(sipHashKey(counted(16)), 0, message, message.length, out);
  return Buffer.from(out.buffer).toString('hex');
}

// Key 00 01 … 0f, messages 00 01 …, of the length given.
test.each([
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [2, '5a4fa9d909806c0d'],
  [3, '2d7efbd796666785'],
  [7, '37d1018bf50002ab'],
  [8, '6224939a79f5f593'],
  // Appendix A of the paper: a129ca6149be45e5.
  [15, 'e545be4961ca29a1'],
  [63, '724506eb4c328a95'],
])('the reference vector of %i bytes', (length, expected) => {
  expect(hash(counted(length))).toBe(expected);
});

test('bytes behind the message do not count', () => {
  const out = new Int32Array(2);
  const message = new Uint8Array(32).fill(0xff);
  message.set(counted(15));
  sipHash24(sipHashKey(counted(16)), 0, message, 15, out);
  expect(Buffer.from(out.buffer).toString('hex')).toBe('e545be4961ca29a1');
});

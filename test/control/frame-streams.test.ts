import { expect, test } from 'vitest';
import { Control, ControlReader, contentFrame, controlFrame } from '../../src/control/frame-streams.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const CONTENT = Buffer.from('protobuf:dnstap.Dnstap').toString('hex');

test('control frames are escaped, and those that open a stream say what is in it', () => {
  expect(hex(controlFrame(Control.START))).toBe(`00000000000000220000000200000001${'00000016'}${CONTENT}`);
  expect(hex(controlFrame(Control.READY))).toBe(`00000000000000220000000400000001${'00000016'}${CONTENT}`);
  expect(hex(controlFrame(Control.STOP))).toBe('000000000000000400000003');
});

test('a frame of content begins with its length', () => {
  expect(hex(contentFrame(Uint8Array.of(1, 2, 3)))).toBe('00000003010203');
});

test('what a reader says is understood in pieces of any size', () => {
  const said = Buffer.concat([controlFrame(Control.ACCEPT), controlFrame(Control.FINISH)]);
  for (const size of [1, 3, 8, said.length]) {
    const reader = new ControlReader();
    const types: (number | undefined)[] = [];
    for (let at = 0; at < said.length; at += size) {
      types.push(...(reader.push(said.subarray(at, at + size)) ?? [undefined]));
    }
    expect(types).toEqual([Control.ACCEPT, Control.FINISH]);
  }
});

const accepting = (content: string): Uint8Array => {
  const fields = Buffer.alloc(12 + content.length);
  fields.writeUInt32BE(Control.ACCEPT, 0);
  fields.writeUInt32BE(1, 4);
  fields.writeUInt32BE(content.length, 8);
  fields.write(content, 12);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(fields.length, 4);
  return Buffer.concat([head, fields]);
};

test.each([
  ['another content type', accepting('text/plain')],
  ['a frame that is no control frame', Buffer.from('000000050102030405', 'hex')],
  ['a frame longer than control frames are', Buffer.from('00000000000002010000000100000000', 'hex')],
  ['a frame too short to have a type', Buffer.from('0000000000000003000000', 'hex')],
  ['a line of HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
])('%s is no reader for us', (_, said) => {
  expect(new ControlReader().push(said)).toBeUndefined();
});

test('a reader that names no content type takes any', () => {
  expect(new ControlReader().push(Buffer.from('000000000000000400000001', 'hex'))).toEqual([Control.ACCEPT]);
});

test('a length that lies within ACCEPT ends the reading', () => {
  const lying = accepting('protobuf:dnstap.Dnstap');
  new DataView(lying.buffer, lying.byteOffset).setUint32(16, 0xffff_fff0);
  expect(new ControlReader().push(lying)).toBeUndefined();
});

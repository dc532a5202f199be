/**
 * A second reading of dnstap, from the specification and by hand: frames out of a stream, fields out of a
 * message. It shares nothing with the writer.
 */

export type Fields = ReadonlyMap<number, number | Buffer>;

export interface Tapped {
  readonly envelope: Fields;
  readonly message: Fields;
}

/** `END` for an ended stream, else its messages and control frames in order. */
export function framesOf(bytes: Buffer): (Tapped | number)[] {
  const frames: (Tapped | number)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (length === 0) {
      const controlLength = bytes.readUInt32BE(at + 4);
      frames.push(bytes.readUInt32BE(at + 8));
      at += 8 + controlLength;
    } else {
      const envelope = fieldsOf(bytes.subarray(at + 4, at + 4 + length));
      frames.push({ envelope, message: fieldsOf(envelope.get(14) as Buffer) });
      at += 4 + length;
    }
  }
  return frames;
}

function fieldsOf(bytes: Buffer): Fields {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) fields.set(tag >> 3, varint());
    else if ((tag & 7) === 5) {
      fields.set(tag >> 3, bytes.readUInt32LE(at));
      at += 4;
    } else {
      const length = varint();
      fields.set(tag >> 3, bytes.subarray(at, at + length));
      at += length;
    }
  }
  return fields;
}

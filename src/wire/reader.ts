/**
 * A cursor over a stranger's bytes, in network order. Past the end it yields zeros and `ok` stays false: a
 * parser reads ten fields and asks once. It never throws and never allocates from a count it read.
 */
import type { Bytes } from '../base/bytes.ts';

export class Reader {
  ok = true;
  at: number;
  /** First byte that is not ours to read: the end of the message, or of one RDATA. */
  end: number;
  readonly bytes: Bytes;

  constructor(bytes: Bytes, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at + 1 > this.end) return this.fail();
    return this.bytes[this.at++] as number;
  }

  u16(): number {
    if (this.at + 2 > this.end) return this.fail();
    const value = ((this.bytes[this.at] as number) << 8) | (this.bytes[this.at + 1] as number);
    this.at += 2;
    return value;
  }

  u32(): number {
    const high = this.u16();
    return high * 0x1_0000 + this.u16();
  }

  u48(): number {
    const high = this.u16();
    return high * 0x1_0000_0000 + this.u32();
  }

  skip(length: number): void {
    if (this.at + length > this.end) this.fail();
    else this.at += length;
  }

  fail(): 0 {
    this.ok = false;
    this.at = this.end;
    return 0;
  }
}

/**
 * Frame Streams, the framing that dnstap travels in: 32-bit lengths in network order before each frame, and
 * control frames, escaped by a length of zero, that say what the stream carries, when it begins and when it
 * ends. Over a socket the reader is asked first (READY, ACCEPT) and says goodbye (FINISH); to a file, only
 * START and STOP are written.
 */
import { copyOf, put32, u32 } from '../base/bytes.ts';
import { CONTROL_FRAME_BYTES_MAX } from '../base/limits.ts';

export const Control = { ACCEPT: 1, START: 2, STOP: 3, READY: 4, FINISH: 5 } as const;

const CONTENT_TYPE = 1;
const DNSTAP = Buffer.from('protobuf:dnstap.Dnstap');

/** An escaped control frame; STOP and FINISH say no content type. */
export function controlFrame(type: number): Uint8Array {
  const hasContent = type !== Control.STOP && type !== Control.FINISH;
  const length = hasContent ? 12 + DNSTAP.length : 4;
  const frame = new Uint8Array(8 + length);
  put32(frame, 4, length);
  put32(frame, 8, type);
  if (hasContent) {
    put32(frame, 12, CONTENT_TYPE);
    put32(frame, 16, DNSTAP.length);
    frame.set(DNSTAP, 20);
  }
  return frame;
}

export function contentFrame(content: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + content.length);
  put32(frame, 0, content.length);
  frame.set(content, 4);
  return frame;
}

/** What the reader at the other end of a socket says. */
export class ControlReader {
  #rest: Uint8Array = new Uint8Array(0);

  /** The types of the control frames that are whole now; undefined when this is no Frame Streams reader. */
  push(chunk: Uint8Array): number[] | undefined {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const types: number[] = [];
    let at = 0;
    while (bytes.length - at >= 8) {
      const length = u32(bytes, at + 4);
      if (u32(bytes, at) !== 0 || length < 4 || length > CONTROL_FRAME_BYTES_MAX) return undefined;
      if (bytes.length - at < 8 + length) break;
      const frame = bytes.subarray(at + 8, at + 8 + length);
      const type = u32(frame, 0);
      if (type === Control.ACCEPT && !acceptsDnstap(frame)) return undefined;
      types.push(type);
      at += 8 + length;
    }
    this.#rest = copyOf(bytes, at);
    return types;
  }
}

/** A reader that names no content type takes any. */
function acceptsDnstap(frame: Uint8Array): boolean {
  let isNamed = false;
  for (let at = 4; at < frame.length; ) {
    const end = at + 8 + u32(frame, at + 4);
    if (end > frame.length) return false;
    if (u32(frame, at) === CONTENT_TYPE) {
      isNamed = true;
      if (DNSTAP.equals(frame.subarray(at + 8, end))) return true;
    }
    at = end;
  }
  return !isNamed;
}

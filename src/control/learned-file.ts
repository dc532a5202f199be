/**
 * What the resolver has learned, as a file, from one clean stop to the next start. In go and out come the
 * bytes of `resolver/packing`. The file is written beside its place and renamed, for nobody else to read; it
 * is read once and removed, so that what was flushed, or did harm, never comes back. One that is damaged, of
 * another Cairn or of other settings, or that others could have written, is no more than a line in the log.
 *
 *   words   0  magic "CRNL"    1  CRC-32 of words 2 to 15    2, 3  when it was begun (ms since 1970)
 *           4  bytes behind the header    5  CRC-32 of them    6 to 13  SHA-256 of what it was learned with
 *           14, 15  nothing
 *   bytes   the facts
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { LEARNED_FILE_BYTES_MAX, LEARNED_FILE_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { systemText } from '../zone/files.ts';
import { VERSION } from './version.ts';
import type { WalkTerms } from './walk-terms.ts';

const MAGIC = 0x43524e4c;
const HEADER_BYTES = 64;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants;
const OTHERS_WRITE = 0o022;

export interface Learned {
  readonly bytes: Uint8Array;
  /** Since it was written. */
  readonly awayMs: number;
}

export class LearnedFile {
  readonly #path: string;
  readonly #terms: Uint8Array;
  readonly #world: World;

  /** What was learned with other terms would be found out in another way now. */
  constructor(path: string, terms: WalkTerms, world: World) {
    this.#path = path;
    this.#terms = createHash('sha256').update(VERSION).update(serialize(terms)).digest();
    this.#world = world;
  }

  /** Undefined where there is none; a text says why one that is there cannot be used. */
  take(): Learned | string | undefined {
    let fd: number;
    try {
      fd = openSync(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : systemText(error);
    }
    try {
      return this.#read(fd);
    } catch (error) {
      return systemText(error);
    } finally {
      closeSync(fd);
    }
  }

  #read(fd: number): Learned | string {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return 'no plain file';
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) return "not this server's own";
    if ((stat.mode & OTHERS_WRITE) !== 0) return 'writable by others than its owner';
    if (stat.size > HEADER_BYTES + LEARNED_FILE_BYTES_MAX) return 'too large';
    if (!isOurs(fd)) return 'another kind of file';
    const file = readFileSync(fd);
    unlinkSync(this.#path);
    const header = new Header();
    header.bytes.set(file.subarray(0, HEADER_BYTES));
    const bytes = file.subarray(HEADER_BYTES);
    if (header.words[1] !== header.sum) return 'damaged';
    if (header.words[4] !== bytes.length || header.words[5] !== crc32(bytes) >> 0) return 'damaged';
    if (!this.#terms.every((byte, i) => header.terms[i] === byte))
      return 'of another version, or other settings';
    const awayMs = this.#world.wallMs() - (header.writtenMs[0] as number);
    // By that clock nobody knows what has expired meanwhile.
    return awayMs < 0 ? 'written at a time that has not come yet' : { bytes, awayMs };
  }

  #mayReplace(): boolean {
    let fd: number;
    try {
      fd = openSync(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
    }
    try {
      return isOurs(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Replaces what is there; says how many bytes were kept. Throws the system's error. */
  write(chunks: Iterable<Uint8Array>): number {
    if (!this.#mayReplace()) throw new Error('there is another kind of file');
    const endMs = this.#world.nowMs() + LEARNED_FILE_MS;
    // What the first facts had left when they were packed is not to be counted from the end.
    const beganMs = this.#world.wallMs();
    const temporary = `${this.#path}.new`;
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      let length = 0;
      let sum = 0;
      for (const chunk of chunks) {
        if (length + chunk.length > LEARNED_FILE_BYTES_MAX || this.#world.nowMs() > endMs) break;
        writeAll(fd, chunk, HEADER_BYTES + length);
        length += chunk.length;
        sum = crc32(chunk, sum);
      }
      const header = new Header();
      header.writtenMs[0] = beganMs;
      header.words.set([length, sum], 4);
      header.terms.set(this.#terms);
      header.words.set([MAGIC, header.sum]);
      writeAll(fd, header.bytes, 0);
      renameSync(temporary, this.#path);
      return length;
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    } finally {
      closeSync(fd);
    }
  }
}

/** Of others' files, none is removed or replaced. */
function isOurs(fd: number): boolean {
  const magic = new Int32Array(1);
  return readSync(fd, new Uint8Array(magic.buffer), 0, 4, 0) === 4 && magic[0] === MAGIC;
}

class Header {
  readonly bytes = new Uint8Array(HEADER_BYTES);
  readonly words = new Int32Array(this.bytes.buffer);
  readonly writtenMs = new Float64Array(this.bytes.buffer, 8, 1);
  readonly terms = this.bytes.subarray(24, 56);

  get sum(): number {
    return crc32(this.bytes.subarray(8)) >> 0;
  }
}

function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  }
}

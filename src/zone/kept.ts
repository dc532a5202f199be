/**
 * Compiled images kept as files of one folder, so that the next start need not read text. In: an image and
 * what it was made of; out: the same, or why it cannot be used, which never is more than a reason to make it
 * anew. A file is written beside its place and renamed, for nobody else to read; what others could have
 * written is not believed. Words are 32 bits in the machine's order: a foreign one shows in the magic.
 *
 *   words   0  magic "CRNK"             3  bytes of the account      6  CRC-32 of the image
 *           1  version of this form     4  bytes of the image        7  CRC-32 of words 0 to 6
 *           2  version of images        5  CRC-32 of the account
 *   bytes   the account, JSON: which Cairn, which zone, what it was read from, what was complained of
 *           the image (zone/image)
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { KEPT_ACCOUNT_BYTES_MAX } from '../base/limits.ts';
import { type Name, nameText } from '../wire/name.ts';
import type { Complaint } from './complaint.ts';
import type { Content } from './content.ts';
import { systemText } from './files.ts';
import { IMAGE_MAGIC, IMAGE_VERSION, imageMemory } from './image.ts';

const KEPT_MAGIC = 0x43524e4b;
const KEPT_VERSION = 2;
const HEADER_WORDS = 8;
const HEADER_BYTES = 4 * HEADER_WORDS;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants;
const OTHERS_WRITE = 0o022;
const SUFFIX = '.image';
/** Ours, those that were not finished included. */
const OURS = /^[0-9a-f]{32}\.image(\.\d+)?$/;

/** What an image was made of. */
export interface Origin {
  readonly content: Content;
  /** Warnings: with an error there is no image. */
  readonly complaints: readonly Complaint[];
}

interface Account {
  readonly program: string;
  readonly apex: string;
  readonly origin: Origin;
}

/** One that is there. Its image is read when it is wanted; either way the file is closed. */
export interface Kept {
  readonly origin: Origin;
  /** A text says why there is none. */
  take(): SharedArrayBuffer | string;
  drop(): void;
}

export class KeptImages {
  readonly #folder: string;
  readonly #program: string;
  readonly #owner: Stats;

  /** Throws the system's error, or one of ours, where the folder cannot be used. */
  constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#program = program;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#owner = statSync(folder);
    if ((this.#owner.mode & OTHERS_WRITE) !== 0) throw new Error('others than its owner may write there');
    const probe = this.#temporary(join(folder, `${'0'.repeat(32)}${SUFFIX}`));
    closeSync(openSync(probe, O_WRONLY | O_CREAT, 0o600));
    unlinkSync(probe);
  }

  pathOf(apex: Name): string {
    const key = createHash('sha256').update(apex).digest('hex').slice(0, 32);
    return join(this.#folder, `${key}${SUFFIX}`);
  }

  /** Undefined where there is none; a text says why one that is there cannot be used. */
  find(apex: Name): Kept | string | undefined {
    let fd: number;
    try {
      fd = openSync(this.pathOf(apex), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : systemText(error);
    }
    const kept = attempt(() => this.#read(fd, nameText(apex)));
    if (typeof kept === 'string') closeSync(fd);
    return kept;
  }

  /** Replaces what was kept of that zone, by an image as it was compiled. Throws the system's error. */
  keep(apex: Name, image: SharedArrayBuffer, origin: Origin): void {
    const account: Account = { program: this.#program, apex: nameText(apex), origin };
    const text = Buffer.from(JSON.stringify(account));
    if (text.length > KEPT_ACCOUNT_BYTES_MAX) return;
    const bytes = new Uint8Array(image, 0, new Int32Array(image)[2]);
    const words = new Int32Array(HEADER_WORDS);
    words.set([
      KEPT_MAGIC,
      KEPT_VERSION,
      IMAGE_VERSION,
      text.length,
      bytes.length,
      crc32(text),
      crc32(bytes),
    ]);
    words[HEADER_WORDS - 1] = headerSum(words);
    const path = this.pathOf(apex);
    this.#replace(path, [new Uint8Array(words.buffer), text, bytes]);
  }

  /** Removes what was kept of zones that are not served any more. */
  keepOnly(apexes: readonly Name[]): void {
    const wanted = new Set(apexes.map((apex) => this.pathOf(apex)));
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      if (OURS.test(name) && !wanted.has(path)) unlinkSync(path);
    }
  }

  #read(fd: number, apex: string): Kept | string {
    const stat = fstatSync(fd);
    const fault = this.#ownerFault(stat);
    if (fault !== undefined) return fault;
    const words = new Int32Array(HEADER_WORDS);
    const header = fill(fd, new Uint8Array(words.buffer), 0);
    if (!header || words[0] !== KEPT_MAGIC || words[7] !== headerSum(words)) return 'damaged';
    if (words[1] !== KEPT_VERSION || words[2] !== IMAGE_VERSION) return 'of another version';
    const [accountBytes, imageBytes] = [words[3] as number, words[4] as number];
    const isWhole = accountBytes >= 0 && imageBytes >= 0 && accountBytes <= KEPT_ACCOUNT_BYTES_MAX;
    // Nothing is made room for that is not there.
    if (!isWhole || stat.size !== HEADER_BYTES + accountBytes + imageBytes) return 'damaged';
    const text = Buffer.alloc(accountBytes);
    if (!fill(fd, text, HEADER_BYTES) || crc32(text) >> 0 !== words[5]) return 'damaged';
    const account = JSON.parse(text.toString()) as Account;
    if (account.program !== this.#program) return 'of another version';
    if (account.apex !== apex) return 'of another zone';
    const { content, complaints } = account.origin;
    const lists = [content.files, content.checks, complaints];
    if (!lists.every((list) => Array.isArray(list))) return 'damaged';
    return {
      origin: account.origin,
      take: () => attempt(() => takeImage(fd, HEADER_BYTES + accountBytes, imageBytes, words[6] as number)),
      drop: () => closeSync(fd),
    };
  }

  /** Root, and whose folder it is, may have written it. */
  #ownerFault(stat: Stats): string | undefined {
    if (!stat.isFile()) return 'no plain file';
    if (stat.uid !== 0 && stat.uid !== this.#owner.uid) return "not its folder's owner's";
    return (stat.mode & OTHERS_WRITE) === 0 ? undefined : 'writable by others than its owner';
  }

  #temporary(path: string): string {
    return `${path}.${process.pid}`;
  }

  /** Before and after a loss of power, there is the old one, the new one, or none. */
  #replace(path: string, parts: readonly Uint8Array[]): void {
    const temporary = this.#temporary(path);
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      // Started as root, we may be the folder's owner by the time of the next load.
      if (process.getuid?.() === 0) fchownSync(fd, this.#owner.uid, this.#owner.gid);
      for (const part of parts) writeAll(fd, part);
      fsyncSync(fd);
      renameSync(temporary, path);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    } finally {
      closeSync(fd);
    }
  }
}

function takeImage(fd: number, at: number, length: number, sum: number): SharedArrayBuffer | string {
  try {
    const image = imageMemory(length);
    const bytes = new Uint8Array(image, 0, length);
    if (!fill(fd, bytes, at) || crc32(bytes) >> 0 !== sum) return 'damaged';
    const words = new Int32Array(image, 0, 3);
    const isImage = words[0] === IMAGE_MAGIC && words[1] === IMAGE_VERSION && words[2] === length;
    return isImage ? image : 'damaged';
  } finally {
    closeSync(fd);
  }
}

const headerSum = (words: Int32Array): number =>
  crc32(new Uint8Array(words.buffer, 0, HEADER_BYTES - 4)) >> 0;

/** False where the file ends before. */
function fill(fd: number, bytes: Uint8Array, at: number): boolean {
  for (let filled = 0; filled < bytes.length; ) {
    const count = readSync(fd, bytes, filled, bytes.length - filled, at + filled);
    if (count === 0) return false;
    filled += count;
  }
  return true;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return systemText(error);
  }
}

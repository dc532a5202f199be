/**
 * What a zone was read from: every file by its path, by where links led, and by a hash of its bytes; and what
 * it took the settings to have. Two loads from the same content give the same zone, so the second need not
 * read it as text. In: files as they are read, later the same files again; out: whether anything differs.
 */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import type { Bytes } from '../base/bytes.ts';

const { O_RDONLY, O_NONBLOCK } = constants;
const DIGEST = 'sha256';
const CHUNK_BYTES = 256 * 1024;

export interface FileContent {
  readonly path: string;
  /** Once symbolic links are followed. */
  readonly real: string;
  readonly size: number;
  readonly digest: string;
}

export interface Content {
  /** The folder that $INCLUDE may not leave, as it was named and where links led. */
  readonly root: string;
  readonly realRoot: string;
  /** The zone's own file first, then those included, as they came. */
  readonly files: readonly FileContent[];
  /** The health checks that members of its pools have, by name. */
  readonly checks: readonly string[];
}

/** What is to be read; undefined are health checks that are not known. */
interface Source {
  readonly file: string;
  readonly root: string;
  readonly checks?: ReadonlySet<string> | undefined;
}

export const contentOf = (path: string, real: string, bytes: Bytes): FileContent => ({
  path,
  real,
  size: bytes.length,
  digest: hash(DIGEST, bytes, 'base64'),
});

/** Whether reading it again would give the same. What cannot be read does not. */
export function isAsRead({ root, realRoot, files, checks }: Content, source: Source): boolean {
  if (files[0]?.path !== source.file || root !== source.root) return false;
  if (source.checks && !checks.every((check) => source.checks?.has(check))) return false;
  try {
    return realpathSync(root) === realRoot && files.every(isSameFile);
  } catch {
    return false;
  }
}

/** Opened without waiting: there may be a pipe now where there was a file. */
function isSameFile({ path, real, size, digest }: FileContent): boolean {
  if (realpathSync(path) !== real) return false;
  const fd = openSync(real, O_RDONLY | O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size === size && digestOf(fd, size) === digest;
  } finally {
    closeSync(fd);
  }
}

/** Piece by piece: a large zone takes no memory only to be recognised. */
function digestOf(fd: number, size: number): string {
  const sum = createHash(DIGEST);
  const chunk = new Uint8Array(Math.min(size, CHUNK_BYTES));
  for (let left = size; left > 0; ) {
    const bytes = readSync(fd, chunk, 0, Math.min(left, chunk.length), null);
    if (bytes === 0) break;
    sum.update(chunk.subarray(0, bytes));
    left -= bytes;
  }
  return sum.digest('base64');
}

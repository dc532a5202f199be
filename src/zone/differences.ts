/**
 * In which names a zone that was read anew differs from the image that is served: where these are few, they
 * become a change of it instead of a second image.
 */
import { copyOf, u16 } from '../base/bytes.ts';
import { nameLength, ownName } from '../wire/name.ts';
import { packRrset, RRSET_HEADER_BYTES, rrsetCount, rrsetTtl, rrsetType } from '../wire/rrset.ts';
import { blockBytes, type Image, NONE } from './image.ts';
import type { Records } from './records.ts';
import type { Rows } from './rows.ts';
import { type Change, nodeOf } from './thaw.ts';

/** What makes `image` say what the records do; undefined where more than `limit` names differ. */
export function differences(records: Records, rows: Rows, image: Image, limit: number): Change[] | undefined {
  const found: Change[] = [];
  for (let id = 0; id < records.nameCount; id++) {
    if (isSame(records, rows, id, image)) continue;
    if (found.length === limit) return undefined;
    found.push({ name: ownName(records.name(id)), rrsets: rrsetsOf(records, rows, id) });
  }
  for (const node of image.nodes()) {
    if (image.rrsetCount(node) === 0) continue;
    const at = image.nameAt(node);
    // Empty non-terminals are names of the records too, and were compared.
    if (records.findName(image.bytes, at) >= 0) continue;
    if (found.length === limit) return undefined;
    found.push({ name: copyOf(image.bytes, at, at + nameLength(image.bytes, at)), rrsets: [] });
  }
  return found;
}

function rrsetsOf(records: Records, rows: Rows, id: number): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = rows.start(id), end = rows.start(id + 1); at < end; ) {
    const next = rows.rrsetEnd(at, end);
    const rdatas = Array.from({ length: next - at }, (_, i) => records.rdata(rows.row(at + i)));
    blocks.push(packRrset(rows.type(at), rows.ttl(at), rdatas));
    at = next;
  }
  return blocks;
}

function isSame(records: Records, rows: Rows, id: number, image: Image): boolean {
  const node = nodeOf(image, records, id);
  let at = rows.start(id);
  const end = rows.start(id + 1);
  if (node === NONE) return at === end;
  let block = image.firstRrset(node);
  for (let left = image.rrsetCount(node); left > 0; left--) {
    if (at === end) return false;
    const next = rows.rrsetEnd(at, end);
    if (!isSameRrset(records, rows, at, next, image, block)) return false;
    at = next;
    block += blockBytes(image.bytes, block);
  }
  return at === end;
}

function isSameRrset(
  records: Records,
  rows: Rows,
  from: number,
  end: number,
  { bytes }: Image,
  block: number,
): boolean {
  const isAlike =
    rrsetType(bytes, block) === rows.type(from) &&
    rrsetTtl(bytes, block) === rows.ttl(from) &&
    rrsetCount(bytes, block) === end - from;
  if (!isAlike) return false;
  let at = block + RRSET_HEADER_BYTES;
  for (let row = from; row < end; row++) {
    const rdataAt = rows.rdataAt(row);
    const length = 2 + u16(records.rdataBytes, rdataAt);
    for (let i = 0; i < length; i++) if (bytes[at + i] !== records.rdataBytes[rdataAt + i]) return false;
    at += length;
  }
  return true;
}

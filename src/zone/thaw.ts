/**
 * From an image back to records, with the changes that are to be made on the way: what is then checked and
 * compiled like a zone that was read.
 */
import { type Name, nameKey, nameLength } from '../wire/name.ts';
import { rdatasOf, rrsetTtl, rrsetType } from '../wire/rrset.ts';
import { blockBytes, type Image, NodeFlag } from './image.ts';
import { Records } from './records.ts';

/** All that a name has from now on. */
export interface Change {
  /** Lower-case. */
  readonly name: Name;
  /** RRset blocks (wire/rrset), one for each type; without any the name is gone. */
  readonly rrsets: readonly Uint8Array[];
}

/** By name: of two changes of one the later. */
export const latestOf = (changes: readonly Change[]): ReadonlyMap<string, Change> =>
  new Map(changes.map((change) => [nameKey(change.name), change]));

/** Without any yet. What is complained of has this for its file. */
export function noRecords({ apexName, apexText, klass }: Image, expectedBytes = 0): Records {
  const records = new Records(apexName, expectedBytes);
  records.klass = klass;
  records.files.push(`change of ${apexText}`);
  return records;
}

/** Gives the name's id, which it has without records too. */
export function addChange(records: Records, { name, rrsets }: Change): number {
  const owner = records.intern(name, 0);
  for (const block of rrsets) addRrset(records, owner, block, 0);
  return owner;
}

export function addNode(records: Records, owner: number, image: Image, node: number): void {
  if (image.has(node, NodeFlag.DERIVED)) records.derived.add(owner);
  let at = image.firstRrset(node);
  for (let left = image.rrsetCount(node); left > 0; left--) {
    addRrset(records, owner, image.bytes, at);
    at += blockBytes(image.bytes, at);
  }
}

function addRrset(records: Records, owner: number, bytes: Uint8Array, at: number): void {
  const type = rrsetType(bytes, at);
  const ttl = rrsetTtl(bytes, at);
  for (const rdata of rdatasOf(bytes, at)) records.add(owner, type, ttl, rdata, 0, 0);
}

export function thaw(image: Image, changes: readonly Change[]): Records {
  const records = noRecords(image, image.bytes.length);
  const latest = [...latestOf(changes).values()];
  const named = noRecords(image);
  const changed = new Set(latest.map(({ name }) => named.intern(name, 0)));
  for (const node of image.nodes()) {
    const at = image.nameAt(node);
    // What is derived will be again, from the pools as they are to be.
    const isOwn = image.rrsetCount(node) > 0 && !image.has(node, NodeFlag.DERIVED);
    const isKept = isOwn && !changed.has(named.findName(image.bytes, at));
    if (isKept) addNode(records, records.intern(image.bytes, at), image, node);
  }
  // A name without records would come to be one with nothing below it.
  for (const each of latest) if (each.rrsets.length > 0) addChange(records, each);
  return records;
}

/** The node that a name of the records has in an image, or NONE. */
export function nodeOf(image: Image, { nameHash, nameBytes, nameAt }: Records, id: number): number {
  const at = nameAt[id] as number;
  return image.seek(nameHash[id] as number, nameBytes, at, nameLength(nameBytes, at));
}

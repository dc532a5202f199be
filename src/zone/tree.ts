/**
 * Links names of a zone to one another before they are frozen: every name gets its parent, so empty
 * non-terminals come to exist (RFC 4592 §2.2.2), its wildcard child, and the delegation or DNAME that hides
 * it. What lookup would search for is found here, once.
 */
import { type Bytes, u8 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { nameLength } from '../wire/name.ts';
import { findAttribute, PoolAs, PoolKey } from '../wire/pool.ts';
import { NodeFlag } from './image.ts';
import type { Records } from './records.ts';

const APEX_ID = 0;
const UNKNOWN = -2;
/** No cut at or above, no DNAME above. */
export const OPEN = -1;

/** Columns by name id. */
export interface Tree {
  readonly parent: Int32Array;
  /** The id of the `*` child, or -1. */
  readonly wildcard: Int32Array;
  readonly flags: Uint8Array;
  readonly children: Uint32Array;
  /** The id of the topmost cut at or above, or DNAME owner above; or OPEN. */
  readonly above: Int32Array;
}

export function growTree(records: Records): Tree {
  internAncestors(records);
  const names = records.nameCount;
  const tree: Tree = {
    parent: new Int32Array(names).fill(OPEN),
    wildcard: new Int32Array(names).fill(-1),
    flags: new Uint8Array(names),
    children: new Uint32Array(names),
    above: new Int32Array(names).fill(OPEN),
  };
  for (let id = 1; id < names; id++) {
    const at = records.nameAt[id] as number;
    const parentAt = at + u8(records.nameBytes, at) + 1;
    const parent = isApex(records, parentAt) ? APEX_ID : records.findName(records.nameBytes, parentAt);
    tree.parent[id] = parent;
    tree.children[parent]!++;
    if (!isWildcard(records, id)) continue;
    tree.wildcard[parent] = id;
    tree.flags[parent] = u8(tree.flags, parent) | NodeFlag.WILDCARD;
  }
  if (markFlags(records, tree)) hideBelow(tree);
  return tree;
}

/** Empty non-terminals become names; those appended here have their own parents interned by the same loop. */
export function internAncestors(records: Records): void {
  for (let id = 1; id < records.nameCount; id++) {
    const at = records.nameAt[id] as number;
    const parentAt = at + u8(records.nameBytes, at) + 1;
    if (!isApex(records, parentAt)) records.intern(records.nameBytes, parentAt);
  }
}

/** All names are within the zone, so the one of the apex's length is the apex. */
function isApex(records: Records, nameAt: number): boolean {
  return nameLength(records.nameBytes, nameAt) === records.apex.length;
}

/** RFC 4592 §2.1.1: the first label is a single asterisk. */
function isWildcard(records: Records, id: number): boolean {
  const at = records.nameAt[id] as number;
  return u8(records.nameBytes, at) === 1 && u8(records.nameBytes, at + 1) === 0x2a;
}

/** Says whether anything of the zone can be hidden. */
function markFlags(records: Records, tree: Tree): boolean {
  let hides = false;
  for (let row = 0; row < records.count; row++) {
    const type = records.type[row] as number;
    if (type !== Type.NS && type !== Type.DNAME && type !== Type.POOL) continue;
    const id = records.owner[row] as number;
    if (type === Type.POOL) {
      tree.flags[id] = u8(tree.flags, id) | poolFlags(records.rdata(row));
      continue;
    }
    // The NS of a wildcard makes no zone cut: it has no one name to cut at (RFC 4592 §4.2).
    if (type === Type.NS && (id === APEX_ID || isWildcard(records, id))) continue;
    tree.flags[id] = u8(tree.flags, id) | (type === Type.NS ? NodeFlag.CUT : NodeFlag.DNAME);
    hides = true;
  }
  for (const id of records.derived) tree.flags[id] = u8(tree.flags, id) | NodeFlag.DERIVED;
  return hides;
}

function poolFlags(rdata: Bytes): number {
  const asAt = findAttribute(rdata, 0, rdata.length, PoolKey.AS);
  return asAt !== 0 && u8(rdata, asAt) === PoolAs.CNAME ? NodeFlag.POOL | NodeFlag.ALIAS : NodeFlag.POOL;
}

function hideBelow(tree: Tree): void {
  const { above } = tree;
  above.fill(UNKNOWN);
  above[APEX_ID] = OPEN;
  const path: number[] = [];
  for (let id = 0; id < above.length; id++) {
    for (let at = id; above[at] === UNKNOWN; at = tree.parent[at] as number) path.push(at);
    for (let at = path.pop(); at !== undefined; at = path.pop()) above[at] = hiddenBy(tree, at);
  }
}

/** The parent's answer is known. */
function hiddenBy(tree: Tree, id: number): number {
  const parent = tree.parent[id] as number;
  const inherited = tree.above[parent] as number;
  if (inherited !== OPEN) return inherited;
  if ((u8(tree.flags, parent) & NodeFlag.DNAME) !== 0) return parent;
  return (u8(tree.flags, id) & NodeFlag.CUT) !== 0 ? id : OPEN;
}

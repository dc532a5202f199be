/**
 * Freezes checked records into an image (zone/image has the layout). In: `Records`, settled; out: one
 * SharedArrayBuffer. Two walks over names and their RRsets: the first gives every name its node's place, the
 * second writes.
 */
import { assert } from '../base/assert.ts';
import { u8 } from '../base/bytes.ts';
import { IMAGE_SLOTS_MIN } from '../base/limits.ts';
import { labelCount } from '../wire/name.ts';
import { HEADER_WORDS, IMAGE_MAGIC, IMAGE_VERSION, imageMemory, NodeFlag } from './image.ts';
import { NodeWriter, nodeSize } from './nodes.ts';
import type { Records } from './records.ts';
import { groupRows, type Rows } from './rows.ts';
import type { Tree } from './tree.ts';

/** Offsets are signed words. */
const IMAGE_BYTES_MAX = 0x7fff_fff0;

/** `tree` is that of the records, `rows` are theirs. */
export function compileZone(
  records: Records,
  tree: Tree,
  rows: Rows = groupRows(records),
  slackBytesMin?: number,
): SharedArrayBuffer {
  const nodes = layOut(records, rows);
  const nodesEnd = nodes[records.nameCount] as number;
  const slots = Math.max(IMAGE_SLOTS_MIN, 2 ** Math.ceil(Math.log2(2 * records.nameCount)));
  const end = nodesEnd + slots;
  const memory = imageMemory(4 * end, slackBytesMin);
  assert(memory.byteLength <= IMAGE_BYTES_MAX, 'an image fits signed offsets');
  const words = new Int32Array(memory);
  const writer = new NodeWriter(memory, records, rows);
  let hides = false;
  let hasPools = false;
  for (let id = 0; id < records.nameCount; id++) {
    const flags = u8(tree.flags, id);
    hides ||= (flags & (NodeFlag.CUT | NodeFlag.DNAME)) !== 0;
    hasPools ||= (flags & NodeFlag.POOL) !== 0;
    writer.put(id, nodes[id] as number, flags, tree.children[id] as number);
  }
  // The same table, filled in order: a name's slot is not searched for twice.
  const ids = records.slots(slots);
  for (let slot = 0; slot < slots; slot++) {
    const id = (ids[slot] as number) - 1;
    if (id >= 0) words[nodesEnd + slot] = nodes[id] as number;
  }
  words.set([IMAGE_MAGIC, IMAGE_VERSION, 4 * end, records.klass, rows.count, labelCount(records.apex)]);
  words.set([nodesEnd, slots, Number(hides), end, records.nameCount, Number(hasPools)], 6);
  return memory;
}

/** The node of each name id; behind the last, where nodes end. */
function layOut(records: Records, rows: Rows): Uint32Array {
  const nodes = new Uint32Array(records.nameCount + 1);
  nodes[0] = HEADER_WORDS;
  for (let id = 0; id < records.nameCount; id++) {
    nodes[id + 1] = (nodes[id] as number) + nodeSize(records, rows, id);
  }
  return nodes;
}

/**
 * Which nodes a change appends, and the appending. In: the names that change and all above them, each with
 * all the records that it is to have (checked, settled). A name is there that has records or children, so
 * names come with the empty non-terminals above them, and take along those that nothing needs any more
 * (RFC 4592 §2.2.2).
 */
import { assert } from '../base/assert.ts';
import { u8 } from '../base/bytes.ts';
import { labelCount, nameLength } from '../wire/name.ts';
import { rrsetCount } from '../wire/rrset.ts';
import { blockBytes, HeaderWord, Image, NONE, NodeFlag, NodeWord } from './image.ts';
import { NodeWriter, nodeSize } from './nodes.ts';
import type { Records } from './records.ts';
import { groupRows, type Rows } from './rows.ts';
import { nodeOf } from './thaw.ts';
import type { Tree } from './tree.ts';

const APEX_ID = 0;

/** What is to become of a name. */
interface Step {
  readonly id: number;
  /** Its node up to now, or none. */
  readonly before: number;
  readonly flags: number;
  readonly children: number;
  readonly isWritten: boolean;
}

export class Plan {
  /** False where what is below the names would have to be read, and where there is no room. */
  readonly isFeasible: boolean;
  /** The next version would have to be compiled anew soon. */
  readonly isCrowding: boolean;
  readonly #image: Image;
  readonly #records: Records;
  readonly #rows: Rows;
  readonly #words: Int32Array;
  readonly #steps: readonly Step[];
  readonly #newNames: number;
  readonly #recordCount: number;

  constructor(image: Image, records: Records, tree: Tree, changed: ReadonlySet<number>) {
    this.#image = image;
    this.#records = records;
    this.#rows = groupRows(records);
    this.#words = new Int32Array(image.buffer);
    this.#steps = this.#stepsFor(tree, changed);
    const written = this.#steps.filter(({ isWritten }) => isWritten);
    this.#newNames = written.filter(({ id }) => this.#words[this.#slotOf(id)] === NONE).length;
    this.#recordCount = written.reduce((sum, step) => sum + this.#growth(step), image.recordCount);
    const words = written.reduce((sum, { id }) => sum + 1 + nodeSize(records, this.#rows, id), 1);
    this.isFeasible =
      !written.some((step) => this.#concernsOthers(step)) && image.hasRoom(words, this.#newNames);
    this.isCrowding = image.isCrowded(words, this.#newNames);
  }

  /** The next version. */
  write(): Image {
    const { end, buffer } = this.#image;
    const words = this.#words;
    assert(words[HeaderWord.END] === end, 'what is changed is the newest version');
    const writer = new NodeWriter(buffer, this.#records, this.#rows);
    let at = end;
    let hides = words[HeaderWord.HIDES] as number;
    let hasPools = words[HeaderWord.POOLS] as number;
    for (const { id, before, flags, children, isWritten } of this.#steps) {
      if (isWritten) {
        const slot = this.#slotOf(id);
        words[at] = words[slot] as number;
        writer.put(id, at + 1, flags, children);
        // Last, and seen last: who finds the node finds it whole.
        Atomics.store(words, slot, at + 1);
        at += 1 + nodeSize(this.#records, this.#rows, id);
        if ((flags & (NodeFlag.CUT | NodeFlag.DNAME)) !== 0) hides = 1;
        if ((flags & NodeFlag.POOL) !== 0) hasPools = 1;
      } else if (before !== NONE) {
        words[before + NodeWord.CHILDREN] = children;
      }
    }
    words[at] = this.#recordCount;
    words[HeaderWord.HIDES] = hides;
    words[HeaderWord.POOLS] = hasPools;
    words[HeaderWord.SLOTS_USED]! += this.#newNames;
    words[HeaderWord.END] = at + 1;
    return new Image(buffer, at + 1);
  }

  /** The deepest names first: whether a name is there depends on its children. */
  #stepsFor(tree: Tree, changed: ReadonlySet<number>): Step[] {
    const { nameCount, nameBytes, nameAt } = this.#records;
    const labels = Array.from({ length: nameCount }, (_, id) => labelCount(nameBytes, nameAt[id]));
    const order = [...labels.keys()].sort((a, b) => (labels[b] as number) - (labels[a] as number));
    const isThere = new Uint8Array(nameCount);
    const more = new Int32Array(nameCount);
    return order.map((id): Step => {
      const before = nodeOf(this.#image, this.#records, id);
      const wasThere = before !== NONE;
      const children = (wasThere ? this.#image.children(before) : 0) + (more[id] as number);
      isThere[id] = Number(id === APEX_ID || this.#recordsOf(id) > 0 || children > 0);
      const isNow = isThere[id] === 1;
      if (isNow !== wasThere) more[tree.parent[id] as number]! += isNow ? 1 : -1;
      const flags = isNow ? this.#flagsOf(id, before, tree, isThere) : NodeFlag.GONE;
      const isSame =
        isNow === wasThere && (!isNow || (!changed.has(id) && flags === this.#image.flags(before)));
      return { id, before, flags, children, isWritten: !isSame };
    });
  }

  #flagsOf(id: number, before: number, tree: Tree, isThere: Uint8Array): number {
    const child = tree.wildcard[id] as number;
    const had = before !== NONE && this.#image.has(before, NodeFlag.WILDCARD);
    const hasWildcard = child < 0 ? had : isThere[child] === 1;
    return (u8(tree.flags, id) & ~NodeFlag.WILDCARD) | (hasWildcard ? NodeFlag.WILDCARD : 0);
  }

  /**
   * Nothing may be below a DNAME (RFC 6672 §2.4), unless a cut hides it all: below a DNAME that comes, and a
   * cut that goes, there may be names that the change does not know.
   */
  #concernsOthers({ before, flags, children }: Step): boolean {
    const was = before === NONE ? 0 : this.#image.flags(before);
    return children > 0 && ((flags & ~was & NodeFlag.DNAME) !== 0 || (was & ~flags & NodeFlag.CUT) !== 0);
  }

  #recordsOf(id: number): number {
    return this.#rows.start(id + 1) - this.#rows.start(id);
  }

  /** Records that the name has more than before. */
  #growth({ id, before }: Step): number {
    let growth = this.#recordsOf(id);
    if (before === NONE) return growth;
    const { bytes } = this.#image;
    let at = this.#image.firstRrset(before);
    for (let left = this.#image.rrsetCount(before); left > 0; left--) {
      growth -= rrsetCount(bytes, at);
      at += blockBytes(bytes, at);
    }
    return growth;
  }

  #slotOf(id: number): number {
    const { nameHash, nameBytes, nameAt } = this.#records;
    const at = nameAt[id] as number;
    return this.#image.slotOf(nameHash[id] as number, nameBytes, at, nameLength(nameBytes, at));
  }
}

/**
 * Writes databases in MaxMind's format: small, whole, and as its specification has them. Prefixes are laid
 * over one another in the order given, so that the last one counts.
 */
import { parseIp } from '../../src/base/ip.ts';

export type Value =
  | string
  | number
  | boolean
  | Float
  | Unsigned
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A number that is written as a double, even if it is whole. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A number of a certain width, as the specification has those of the metadata: 16 bits are 5, 64 are 9. */
class Unsigned {
  readonly value: number;
  readonly type: 5 | 9;
  constructor(value: number, type: 5 | 9) {
    this.value = value;
    this.type = type;
  }
}
const short = (value: number): Unsigned => new Unsigned(value, 5);

export interface Format {
  readonly version: 4 | 6;
  readonly recordBits: 24 | 28 | 32;
  /** Whether each text stands once, and pointers lead to it. */
  readonly withPointers: boolean;
  /** What it calls itself. */
  readonly type: string;
  /** IPv6 prefixes that show the IPv4 addresses again, as 2002::/16 does. */
  readonly aliases: readonly string[];
}

/** A subtree, a value by its number, or nothing. */
type Branch = Node | number | undefined;
interface Node {
  readonly sides: [Branch, Branch];
}

export function mmdb(entries: readonly (readonly [string, Value])[], format: Partial<Format> = {}): Buffer {
  const { version = 6, recordBits = 24, withPointers = true, type = 'test', aliases = [] } = format;
  const root: Node = { sides: [undefined, undefined] };
  const values: Value[] = [];
  for (const [prefix, value] of entries) put(root, bitsOf(prefix, version), values.push(value) - 1);
  for (const alias of aliases) put(root, bitsOf(alias, 6), nodeAt(root, bitsOf('::/96', 6)));
  const nodes = numbered(root);
  const data = new Data(withPointers);
  const offsets = values.map((value) => data.add(value));
  const tree = Buffer.concat(
    [...nodes.keys()].map(({ sides }) => {
      const [left, right] = sides.map((side) => {
        if (side === undefined) return nodes.size;
        return typeof side === 'number'
          ? nodes.size + 16 + (offsets[side] as number)
          : (nodes.get(side) as number);
      });
      return record(left as number, right as number, recordBits);
    }),
  );
  const metadata = new Data(false);
  metadata.add({
    binary_format_major_version: short(2),
    binary_format_minor_version: short(0),
    build_epoch: new Unsigned(1_780_000_000, 9),
    database_type: type,
    description: { en: 'made by a test' },
    ip_version: short(version),
    languages: ['en'],
    node_count: nodes.size,
    record_size: short(recordBits),
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), data.bytes, marker, metadata.bytes]);
}

/** The bits of a prefix; of an IPv4 one in an IPv6 tree, below ::/96. */
function bitsOf(prefix: string, version: 4 | 6): boolean[] {
  const [text = '', length] = prefix.split('/');
  const address = parseIp(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  const bits = [...address].flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((byte >> bit) & 1) === 1),
  );
  const used = bits.slice(0, length === undefined ? bits.length : Number(length));
  return version === 6 && address.length === 4 ? [...Array<boolean>(96).fill(false), ...used] : used;
}

function put(root: Node, bits: readonly boolean[], branch: Branch): void {
  const last = bits.at(-1);
  if (last === undefined) {
    root.sides.splice(0, 2, branch, branch);
    return;
  }
  nodeAt(root, bits.slice(0, -1)).sides[Number(last)] = branch;
}

/** Splits what stands above. */
function nodeAt(root: Node, bits: readonly boolean[]): Node {
  let node = root;
  for (const bit of bits) {
    const side = node.sides[Number(bit)];
    const next: Node = typeof side === 'object' ? side : { sides: [side, side] };
    node.sides[Number(bit)] = next;
    node = next;
  }
  return node;
}

function numbered(node: Node, numbers = new Map<Node, number>()): Map<Node, number> {
  if (numbers.has(node)) return numbers;
  numbers.set(node, numbers.size);
  for (const side of node.sides) if (typeof side === 'object') numbered(side, numbers);
  return numbers;
}

function record(left: number, right: number, bits: number): Buffer {
  const bytes = Buffer.alloc(bits / 4);
  if (bits === 28) {
    bytes.writeUIntBE(left & 0xff_ffff, 0, 3);
    bytes[3] = ((left >>> 24) << 4) | (right >>> 24);
    bytes.writeUIntBE(right & 0xff_ffff, 4, 3);
  } else {
    bytes.writeUIntBE(left, 0, bits / 8);
    bytes.writeUIntBE(right, bits / 8, bits / 8);
  }
  return bytes;
}

class Data {
  bytes = Buffer.alloc(0);
  readonly #withPointers: boolean;
  readonly #texts = new Map<string, number>();

  constructor(withPointers: boolean) {
    this.#withPointers = withPointers;
  }

  /** Gives where it stands. */
  add(value: Value): number {
    const at = this.bytes.length;
    if (typeof value === 'string') this.#addText(value);
    else if (typeof value === 'boolean') this.#add(14, Number(value));
    else if (typeof value === 'number') this.#addNumber(value);
    else if (value instanceof Float) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value.value);
      this.#add(3, 8, bytes);
    } else if (value instanceof Unsigned) this.#addUnsigned(value.value, value.type);
    else if (Array.isArray(value)) {
      this.#add(11, value.length);
      for (const each of value as readonly Value[]) this.add(each);
    } else {
      const entries = Object.entries(value);
      this.#add(7, entries.length);
      for (const [key, each] of entries) {
        this.#addText(key);
        this.add(each);
      }
    }
    return at;
  }

  #addText(text: string): void {
    const known = this.#texts.get(text);
    if (known !== undefined && this.#withPointers) {
      this.#addPointer(known);
      return;
    }
    this.#texts.set(text, this.bytes.length);
    const bytes = Buffer.from(text);
    this.#add(2, bytes.length, bytes);
  }

  #addNumber(value: number): void {
    const bytes = Buffer.alloc(4);
    if (value < 0) {
      bytes.writeInt32BE(value);
      this.#add(8, 4, bytes);
    } else this.#addUnsigned(value, 6);
  }

  /** Without zeros in front. */
  #addUnsigned(value: number, type: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    const used = value === 0 ? Buffer.alloc(0) : bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    this.#add(type, used.length, used);
  }

  #addPointer(to: number): void {
    if (to < 2_048) this.#append([0x20 | (to >> 8), to & 0xff]);
    else {
      const rest = to - 2_048;
      this.#append([0x28 | (rest >> 16), (rest >> 8) & 0xff, rest & 0xff]);
    }
  }

  #add(type: number, size: number, payload: Uint8Array = new Uint8Array(0)): void {
    const [five, more] =
      size < 29
        ? [size, []]
        : size < 285
          ? [29, [size - 29]]
          : [30, [(size - 285) >> 8, (size - 285) & 0xff]];
    const head = type > 7 ? [five, type - 7] : [(type << 5) | five];
    this.#append([...head, ...more, ...payload]);
  }

  #append(bytes: readonly number[]): void {
    this.bytes = Buffer.concat([this.bytes, Buffer.from(bytes)]);
  }
}

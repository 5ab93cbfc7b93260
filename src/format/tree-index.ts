import { IkfsError } from '../errors.ts';

/** A tree of names, before it is encoded. Names are single path components. */
export type PlainTree =
  | { readonly kind: 'directory'; readonly children: ReadonlyMap<string, PlainTree> }
  /** Offset and size of the content in the tar, in bytes. */
  | { readonly kind: 'file'; readonly mode: number; readonly size: number; readonly offset: number }
  | { readonly kind: 'link'; readonly target: string };

/** A node of an index, by its number. */
export type IndexedNode =
  | {
      readonly kind: 'directory';
      readonly number: number;
      readonly name: string;
      /** Number of the first node in it; the others follow it. */
      readonly firstChild: number;
      readonly children: number;
    }
  | {
      readonly kind: 'file';
      readonly number: number;
      readonly name: string;
      readonly mode: number;
      readonly size: number;
      readonly offset: number;
    }
  | { readonly kind: 'link'; readonly number: number; readonly name: string; readonly target: string };

/*
 * Encoded form, little-endian throughout, written by this file and read by it and by native/fuse/whole_tree.cc:
 *
 *   0   8 bytes   "IKFSTRE1"
 *   8   u32       number of nodes, n
 *   12  u32       length of the string pool in bytes
 *   16  u32       length of the omitted names in bytes
 *   20  u32       0
 *   24  n times 32 bytes; node 0 is the top, a directory without a name:
 *         0  u64  file: offset of the content in the tar; directory: number of its first child;
 *                 link: offset of its target in the pool
 *         8  u64  file: size of the content; directory: number of children; link: length of its target
 *         16 u32  offset of the name in the pool
 *         20 u16  length of the name
 *         22 u16  mode (permission bits)
 *         24 u8   kind: 0 file, 1 directory, 2 link
 *         25 7 bytes of 0
 *   then the string pool (UTF-8), then the names of what was left out of the tree, each followed by a NUL
 *
 * The children of a directory follow one another in order of their names' bytes, and the children of directories
 * come in the order of these directories. So every node is in exactly one directory, that comes before it.
 */
const magic = Buffer.from('IKFSTRE1', 'latin1');
const headerSize = 24;
const recordSize = 32;
const kinds = ['file', 'directory', 'link'] as const;

/**
 * Encodes a tree.
 * @param omitted names that were left out, for whoever asks for them later
 */
export function encodeTreeIndex(
  top: Extract<PlainTree, { kind: 'directory' }>,
  omitted: readonly string[],
): Buffer {
  const records: { readonly name: string; readonly node: PlainTree; firstChild: number }[] = [
    { name: '', node: top, firstChild: 0 },
  ];
  // Nodes are taken in the order in which they were put in; a plain index instead of shift() keeps that linear.
  for (let taken = 0; taken < records.length; taken += 1) {
    const record = records[taken] as (typeof records)[number];
    record.firstChild = records.length;
    if (record.node.kind !== 'directory') continue;
    const { children } = record.node;
    for (const name of inOrderOfBytes([...children.keys()]))
      records.push({ name, node: children.get(name) as PlainTree, firstChild: 0 });
  }
  const pool: string[] = [];
  let pooled = 0;
  const table = new DataView(new ArrayBuffer(records.length * recordSize));
  /** Puts a text into the pool. @returns where it ends there */
  const place = (text: string): number => {
    pool.push(text);
    pooled += Buffer.byteLength(text);
    return pooled;
  };
  const writeLarge = (value: number, at: number): void => {
    // Takes the value modulo 2 to the power of 32.
    table.setUint32(at, value, true);
    table.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  };
  records.forEach(({ name, node, firstChild }, number) => {
    const at = number * recordSize;
    const write = (where: number, amount: number, mode: number): void => {
      writeLarge(where, at);
      writeLarge(amount, at + 8);
      table.setUint16(at + 22, mode & 0o7777, true);
    };
    const nameStart = pooled;
    table.setUint16(at + 20, place(name) - nameStart, true);
    table.setUint32(at + 16, nameStart, true);
    table.setUint8(at + 24, kinds.indexOf(node.kind));
    switch (node.kind) {
      case 'directory':
        write(firstChild, node.children.size, 0o755);
        return;
      case 'file':
        write(node.offset, node.size, node.mode);
        return;
      case 'link': {
        const start = pooled;
        write(start, place(node.target) - start, 0o777);
      }
    }
  });
  const rest = Buffer.from(omitted.map((name) => `${name}\0`).join(''));
  const header = Buffer.alloc(headerSize);
  magic.copy(header);
  header.writeUInt32LE(records.length, 8);
  header.writeUInt32LE(pooled, 12);
  header.writeUInt32LE(rest.length, 16);
  return Buffer.concat([header, Buffer.from(table.buffer), Buffer.from(pool.join('')), rest]);
}

/** Sorts names by their bytes in UTF-8. @param names are put in order in place */
function inOrderOfBytes(names: string[]): string[] {
  // Where all are ASCII, as nearly always, the order of JavaScript is the same.
  if (names.every((name) => /^[\0-\x7f]*$/.test(name))) return names.sort();
  const bytes = new Map(names.map((name) => [name, Buffer.from(name)] as const));
  const empty = Buffer.alloc(0);
  return names.sort((a, b) => Buffer.compare(bytes.get(a) ?? empty, bytes.get(b) ?? empty));
}

/** An encoded tree, of which only what is asked for is decoded. */
export class TreeIndex {
  /** All of it, as it was encoded. */
  readonly encoded: Buffer;
  /** Number of nodes. */
  readonly size: number;
  readonly #pool: Buffer;
  readonly #omitted: Buffer;

  /** @throws IkfsError `corrupt` when these bytes are not as long as they say */
  constructor(encoded: Buffer) {
    this.encoded = encoded;
    if (encoded.length < headerSize || !encoded.subarray(0, magic.length).equals(magic))
      throw broken('no header');
    this.size = encoded.readUInt32LE(8);
    const poolStart = headerSize + this.size * recordSize;
    const omittedStart = poolStart + encoded.readUInt32LE(12);
    if (this.size === 0 || omittedStart + encoded.readUInt32LE(16) !== encoded.length)
      throw broken('wrong length');
    this.#pool = encoded.subarray(poolStart, omittedStart);
    this.#omitted = encoded.subarray(omittedStart);
  }

  /** Names that were left out of the tree. */
  omitted(): string[] {
    return this.#omitted.toString().split('\0').slice(0, -1);
  }

  /** @throws IkfsError `corrupt` when there is no such node, or what it says can not be */
  node(number: number): IndexedNode {
    const at = this.#record(number);
    const kind = kinds[this.encoded.readUInt8(at + 24)];
    const where = Number(this.encoded.readBigUInt64LE(at));
    const amount = Number(this.encoded.readBigUInt64LE(at + 8));
    const name = this.#name(number).toString();
    switch (kind) {
      case 'directory':
        // Children come behind their directory, so that no walk goes in circles.
        if (where <= number || where + amount > this.size) throw broken('nodes of a directory are outside');
        return { kind, number, name, firstChild: where, children: amount };
      case 'file':
        return { kind, number, name, mode: this.encoded.readUInt16LE(at + 22), size: amount, offset: where };
      case 'link':
        return { kind, number, name, target: this.#text(where, amount).toString() };
      default:
        throw broken('unknown kind of node');
    }
  }

  /**
   * The number of the node of that name in a directory, or undefined.
   * @throws IkfsError `corrupt`
   */
  find(directory: Extract<IndexedNode, { kind: 'directory' }>, name: string): number | undefined {
    const wanted = Buffer.from(name);
    let [low, high] = [directory.firstChild, directory.firstChild + directory.children];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = Buffer.compare(this.#name(middle), wanted);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  #record(number: number): number {
    if (number >= this.size) throw broken('no such node');
    return headerSize + number * recordSize;
  }

  #name(number: number): Buffer {
    const at = this.#record(number);
    return this.#text(this.encoded.readUInt32LE(at + 16), this.encoded.readUInt16LE(at + 20));
  }

  #text(offset: number, length: number): Buffer {
    if (offset + length > this.#pool.length) throw broken('string outside the pool');
    return this.#pool.subarray(offset, offset + length);
  }
}

function broken(what: string): IkfsError {
  return new IkfsError('corrupt', `tree index: ${what}`);
}

import type { ByteRange } from '../bytes/byte-range.ts';
import { checkRange } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** A node of a device tree. */
export interface DeviceTreeNode {
  /** With its unit address: `kernel-1`, `serial@9000000`; empty for the root. */
  readonly name: string;
  /** Where each property's value lies in the source; of two with one name the first, as libfdt takes it. */
  readonly properties: ReadonlyMap<string, ByteRange>;
  readonly children: readonly DeviceTreeNode[];
}

/** A flattened device tree. Values are not read: those of a FIT image are whole kernels. */
export interface DeviceTree {
  /** Bytes from the header to the end of the last block and the free space behind it. */
  readonly size: number;
  readonly root: DeviceTreeNode;
}

/*
 * Devicetree Specification 0.4, chapter 5, "Flattened Devicetree (DTB) Format". Big-endian; tokens of the structure
 * block are aligned to four bytes.
 */
const magic = 0xd00dfeed;
const headerSize = 40;
const token = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;
const wordSize = 4;

/** Version 17 says where the structure block ends; 16 has the same tokens. */
const oldestVersion = 16;
const firstWithStructureSize = 17;
const newestCompatible = 17;

/** The specification has names of 31 characters; FIT images are not so strict. */
const longestName = 255;
/** Of the 3,554 trees that come with Debian's arm and arm64 kernels the deepest has 12 levels. */
const maximumDepth = 64;
/** The largest of these, with 216 KB, has 8,000; each may become a node in memory. */
const maximumTokens = 250_000;
/** Names of properties stand there once each; these trees have 11 KB of them at the most. */
const maximumStrings = 1024 * 1024;

/** Whether a file that begins with these bytes (4 are enough) is a flattened device tree. */
export function isDeviceTree(head: Buffer): boolean {
  return head.length >= wordSize && head.readUInt32BE(0) === magic;
}

/**
 * Nodes and properties of a flattened device tree.
 * @throws IkfsError `corrupt`, `truncated`, `unsupported` for another version, or `limit` for one that is deeper or
 *   larger than any real one
 */
export function parseDeviceTree(source: ByteSource): DeviceTree {
  const head = source.read(0, Math.min(headerSize, source.size));
  if (!isDeviceTree(head)) {
    throw new IkfsError('corrupt', 'is not a flattened device tree', { path: source.name, offset: 0 });
  }
  const fields = new Cursor(head, 'big').skip(wordSize);
  const size = fields.u32('totalsize');
  const structureAt = fields.u32('off_dt_struct');
  const stringsAt = fields.u32('off_dt_strings');
  const version = fields.skip(wordSize).u32('version');
  const compatible = fields.u32('last_comp_version');
  const stringsSize = fields.skip(wordSize).u32('size_dt_strings');
  if (version < oldestVersion || compatible > newestCompatible) {
    const message = `device tree version ${version}, compatible with ${compatible}`;
    throw new IkfsError('unsupported', message, { path: source.name });
  }
  const structureSize =
    version >= firstWithStructureSize ? fields.u32('size_dt_struct') : Math.max(0, size - structureAt);
  checkRange(source.name, source.size, 0, size);
  checkRange(source.name, size, structureAt, structureSize);
  checkRange(source.name, size, stringsAt, stringsSize);
  if (stringsSize > maximumStrings) {
    throw new IkfsError('limit', `has ${stringsSize} bytes of property names`, { path: source.name });
  }
  const structure = new StructureBlock(source, structureAt, structureSize);
  return { size, root: readTree(structure, source.read(stringsAt, stringsSize)) };
}

/** The same as a DeviceTreeNode while it is being read. */
interface OpenNode {
  readonly name: string;
  readonly properties: Map<string, ByteRange>;
  readonly children: DeviceTreeNode[];
}

/** Reads the one node that the structure block consists of, without recursion. */
function readTree(structure: StructureBlock, strings: Buffer): DeviceTreeNode {
  const open: OpenNode[] = [];
  let root: DeviceTreeNode | undefined;
  for (let count = 0; count < maximumTokens; count += 1) {
    const found = structure.word('a token');
    const node = open.at(-1);
    if (found === token.nop) continue;
    if (found === token.end && root && !node) return root;
    if (found === token.beginNode && !(root && !node)) {
      const child: OpenNode = { name: structure.nodeName(), properties: new Map(), children: [] };
      root ??= child;
      node?.children.push(child);
      if (open.push(child) > maximumDepth) throw structure.error('limit', 'nodes are nested too deeply');
    } else if (found === token.endNode && node) {
      open.pop();
    } else if (found === token.property && node) {
      const { nameOffset, value } = structure.property();
      const name = propertyName(strings, nameOffset);
      if (name === undefined) throw structure.error('corrupt', `a property's name is at ${nameOffset}`);
      if (!node.properties.has(name)) node.properties.set(name, value);
    } else {
      throw structure.error('corrupt', `token ${found} is out of place`);
    }
  }
  throw structure.error('limit', `has more than ${maximumTokens} tokens`);
}

/** The name at an offset of the strings block; undefined when none ends there. */
function propertyName(strings: Buffer, offset: number): string | undefined {
  const end = offset < strings.length ? strings.subarray(offset, offset + longestName + 1).indexOf(0) : -1;
  return end === -1 ? undefined : strings.toString('latin1', offset, offset + end);
}

/** How much is read at a time: tokens of a few bytes each, and values between them that are passed over. */
const chunkSize = 4096;

/** Reads the structure block from its first token on; nothing outside of it. */
class StructureBlock {
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #end: number;
  #position: number;
  #chunk: Buffer = Buffer.alloc(0);
  #chunkStart = 0;

  /** A range of the source, which lies in it. */
  constructor(source: ByteSource, start: number, size: number) {
    this.#source = source;
    this.#start = start;
    this.#end = start + size;
    this.#position = start;
  }

  word(what: string): number {
    return this.#take(wordSize, what).readUInt32BE(0);
  }

  /** The name that follows a begin-node token, and its padding. */
  nodeName(): string {
    const length = Math.min(longestName + 1, this.#end - this.#position);
    const bytes = this.#peek(length);
    const end = bytes.indexOf(0);
    if (end === -1) throw this.error('corrupt', `a node's name has no end`);
    const name = bytes.toString('latin1', 0, end);
    this.#skip(end + 1, `a node's name`);
    return name;
  }

  /** Length, name and value that follow a property token; the value stays unread. */
  property(): { nameOffset: number; value: ByteRange } {
    const size = this.word(`a property's length`);
    const nameOffset = this.word(`a property's name`);
    const value = { offset: this.#position, size };
    this.#skip(size, `a property's value`);
    return { nameOffset, value };
  }

  error(code: 'corrupt' | 'limit' | 'truncated', message: string): IkfsError {
    return new IkfsError(code, `device tree: ${message}`, {
      path: this.#source.name,
      offset: this.#position,
    });
  }

  #take(length: number, what: string): Buffer {
    if (this.#position > this.#end - length) throw this.error('truncated', `ends inside ${what}`);
    const bytes = this.#peek(length);
    this.#position += length;
    return bytes;
  }

  /** Passes over bytes and the padding to the next token, which the last token may lack. */
  #skip(length: number, what: string): void {
    if (this.#position > this.#end - length) throw this.error('truncated', `ends inside ${what}`);
    const past = this.#position - this.#start + length;
    this.#position = Math.min(this.#start + Math.ceil(past / wordSize) * wordSize, this.#end);
  }

  #peek(length: number): Buffer {
    let at = this.#position - this.#chunkStart;
    if (at < 0 || at + length > this.#chunk.length) {
      const size = Math.min(Math.max(length, chunkSize), this.#end - this.#position);
      this.#chunk = this.#source.read(this.#position, size);
      this.#chunkStart = this.#position;
      at = 0;
    }
    return this.#chunk.subarray(at, at + length);
  }
}

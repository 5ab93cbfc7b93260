import { IkfsError } from '../errors.ts';

/** Where a source's bytes lie in an open file, so that native code can read them itself. */
export interface FileRange {
  readonly descriptor: number;
  /** Offset in the file, in bytes. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Bytes at an offset: a file, a window in one, or memory. All parsers read through this, so one parser
 * serves an image on disk, a payload inside it, decompressed data and a fuzzer.
 */
export interface ByteSource {
  /** What messages call these bytes: a path, or the name of a part of one. */
  readonly name: string;
  /** Length in bytes; fixed for the life of the source. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`. The buffer may be shared: callers do not write to it.
   * @param memory of at least that length, which the bytes may be put in: for who reads much, and is done with one
   *   buffer before asking for the next
   * @throws IkfsError `truncated` when the range does not lie inside the source.
   */
  read(offset: number, length: number, memory?: Buffer): Buffer;
  /** The bytes as a range of an open file, or undefined when they are in memory. */
  fileRange(): FileRange | undefined;
  /** Takes note of bytes that were read through `fileRange()`, so that what is read of inputs is counted. */
  countRead(bytes: number): void;
}

/** @throws IkfsError `truncated` unless [offset, offset + length) lies inside a source of `size` bytes. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset > size - length
  ) {
    throw new IkfsError('truncated', `needs ${length} bytes, of ${size} there are`, { path: name, offset });
  }
}

/** Bytes in memory. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly #bytes: Buffer;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Buffer {
    checkRange(this.name, this.size, offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  fileRange(): undefined {
    return undefined;
  }

  countRead(): void {
    // Memory is read without touching an input.
  }
}

/** A part of another source, which it never reads beyond. */
export class WindowSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #parent: ByteSource;
  readonly #start: number;

  /** @throws IkfsError `truncated` when the window does not lie inside the parent. */
  constructor(parent: ByteSource, start: number, size: number, name = parent.name) {
    checkRange(parent.name, parent.size, start, size);
    this.#parent = parent;
    this.#start = start;
    this.size = size;
    this.name = name;
  }

  read(offset: number, length: number, memory?: Buffer): Buffer {
    checkRange(this.name, this.size, offset, length);
    return this.#parent.read(this.#start + offset, length, memory);
  }

  fileRange(): FileRange | undefined {
    const range = this.#parent.fileRange();
    return range && { descriptor: range.descriptor, offset: range.offset + this.#start, length: this.size };
  }

  countRead(bytes: number): void {
    this.#parent.countRead(bytes);
  }
}

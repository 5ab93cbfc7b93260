import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** mkbootimg takes 2 KiB to 16 KiB; no kernel of an Android device has larger pages than 64 KiB. */
const smallestPage = 2 * 1024;
const largestPage = 64 * 1024;

/** Whether a number can be the page size of an Android image: a power of two from 2 KiB to 64 KiB. */
export function isPageSize(size: number): boolean {
  return size >= smallestPage && size <= largestPage && Number.isInteger(Math.log2(size));
}

/**
 * The parts of an Android image, which follow one another in the order of its header, each from the
 * beginning of a page. All offsets and sizes are in bytes.
 */
export class Pages {
  readonly #source: ByteSource;
  readonly #pageSize: number;
  #next = 0;

  /**
   * @param headerSize length of the header, which lies in front of all parts
   * @param pageSizeAt offset of the header's field page_size; only used in messages
   * @throws IkfsError `corrupt` for a page size that is none
   */
  constructor(source: ByteSource, pageSize: number, headerSize: number, pageSizeAt?: number) {
    if (!isPageSize(pageSize)) {
      const message = `page_size is ${pageSize}, not a power of two from ${smallestPage} to ${largestPage}`;
      throw new IkfsError('corrupt', message, { path: source.name, offset: pageSizeAt });
    }
    this.#source = source;
    this.#pageSize = pageSize;
    this.pass(headerSize);
  }

  /**
   * The next part.
   * @returns undefined for a part of no bytes, which takes no page
   * @throws IkfsError `truncated` when the file ends before it does
   */
  take(part: string, size: number): ByteRange | undefined {
    const offset = this.#next;
    this.pass(size);
    return this.at(part, offset, size);
  }

  /** Whether the next part could have that size. */
  fits(size: number): boolean {
    return this.#next + size <= this.#source.size;
  }

  /** Goes over as many pages as a part of that size takes, without looking whether they are there. */
  pass(size: number): void {
    this.#next += Math.ceil(size / this.#pageSize) * this.#pageSize;
  }

  /**
   * A part whose offset the header gives.
   * @returns undefined for a part of no bytes
   * @throws IkfsError `truncated` when the file ends before it does
   */
  at(part: string, offset: number, size: number): ByteRange | undefined {
    if (size === 0) return undefined;
    if (offset > this.#source.size - size) {
      const message = `the ${part} has ${size} bytes from ${offset}, the file only ${this.#source.size}`;
      throw new IkfsError('truncated', message, { path: this.#source.name, offset });
    }
    return { offset, size };
  }
}

/** The text of a field of fixed length: up to its first NUL, or all of it. */
export function paddedText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

import type { FileIdentity } from '../bytes/file-identity.ts';

/** Where the bytes of an artifact lie once they are known. The size is exact. */
export type Content =
  /** Small, made up in memory. */
  | { readonly kind: 'memory'; readonly size: number; readonly bytes: Buffer }
  /**
   * A range of a file: a blob of the store, or a section of a plain .ko where it lies. With an identity the
   * file is refused (`changed`) once it is another than the one described.
   */
  | {
      readonly kind: 'file';
      readonly size: number;
      readonly path: string;
      readonly offset: number;
      readonly identity: FileIdentity | undefined;
    }
  /** A range of a file that is held open, such as a memfd. */
  | {
      readonly kind: 'descriptor';
      readonly size: number;
      readonly descriptor: number;
      readonly offset: number;
    };

/** Content of bytes in memory. */
export function memoryContent(bytes: Buffer | string): Content {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return { kind: 'memory', size: buffer.length, bytes: buffer };
}

/** A part of other content; the caller has checked that it lies inside. */
export function partOf(content: Content, offset: number, size: number): Content {
  return content.kind === 'memory'
    ? { kind: 'memory', size, bytes: content.bytes.subarray(offset, offset + size) }
    : { ...content, offset: content.offset + offset, size };
}

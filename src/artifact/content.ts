import type { FileIdentity } from '../bytes/file-identity.ts';

/** By what the bytes of a file of the store are checked each time they are read. */
export interface Seal {
  /** Length in bytes of what is summed up: the file from its beginning. */
  readonly size: number;
  /** As bytes/chunk-sums.ts has them. */
  readonly sums: Buffer;
  /** Whether bytes were found to be other than those that were kept; they are no longer in the store then. */
  readonly isDamaged: boolean;
  /** To be called by who finds that, or that the file has gone. */
  reportDamage(): void;
}

/** Where the bytes of an artifact lie once they are known. The size is exact. */
export type Content =
  /** Small, made up in memory. */
  | { readonly kind: 'memory'; readonly size: number; readonly bytes: Buffer }
  /**
   * A range of a file where it lies, such as a section of a plain .ko. With an identity it is refused (`changed`)
   * once the file is another than the one described.
   */
  | {
      readonly kind: 'file';
      readonly size: number;
      readonly path: string;
      readonly offset: number;
      readonly identity: FileIdentity | undefined;
      /** The key that the same bytes have where they are kept in the store; undefined when nobody has worked it out. */
      readonly key?: string;
    }
  /** A range of a file of the store. */
  | {
      readonly kind: 'blob';
      /** The file's key in the store. */
      readonly key: string;
      readonly size: number;
      readonly path: string;
      readonly offset: number;
      readonly seal: Seal;
    }
  /** A range of a file that is held open, such as a memfd. */
  | {
      readonly kind: 'descriptor';
      /** The key of what the file holds. */
      readonly key: string;
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
  switch (content.kind) {
    case 'memory':
      return { kind: 'memory', size, bytes: content.bytes.subarray(offset, offset + size) };
    case 'file': {
      const { path, identity } = content;
      return { kind: 'file', size, path, offset: content.offset + offset, identity };
    }
    case 'blob':
    case 'descriptor':
      return { ...content, offset: content.offset + offset, size };
  }
}

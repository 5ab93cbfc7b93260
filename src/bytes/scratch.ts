import type { FileSink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';

/** A nameless file that takes a decoded image and is gone when it is closed. */
export interface ScratchFile {
  readonly descriptor: number;
  /** Takes its bytes, once. @param cap the most that it may take */
  sink(cap: number): FileSink;
  /** The bytes written so far, as a source. */
  source(name: string, size: number): ByteSource;
  close(): void;
}

/** Where decoded images go: the store's own file system, or memory where there is none. */
export type Scratch = () => ScratchFile;

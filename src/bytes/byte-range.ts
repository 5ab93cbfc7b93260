/** A part of a source. Both are in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly size: number;
}

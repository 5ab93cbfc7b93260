import { MemorySource } from '../../src/bytes/byte-source.ts';

/** Bytes in memory that count how often and how much of them was read. */
export class CountingSource extends MemorySource {
  reads = 0;
  bytes = 0;

  override read(offset: number, length: number): Buffer {
    this.reads += 1;
    this.bytes += length;
    return super.read(offset, length);
  }
}

import type { ByteSource } from '../bytes/byte-source.ts';
import type { CodecName } from './codec.ts';
import { xzHeaderSize } from './headers.ts';

/** What a decoder takes beside its window: buffers and tables, in bytes. */
const besides = 1024 * 1024;

/** More of a stream's beginning than any of the headers looked at has, in bytes. */
const longestHead = 64;

/** The most filters that an xz block has (xz-file-format.txt, 3.1). */
const mostFilters = 4;

/**
 * How much memory decoding a stream takes, in bytes: its window, as the stream's header states it, and what comes on
 * top. An estimate: a header may lie.
 */
export function decodingMemory(codec: CodecName, input: ByteSource): number {
  const head = Buffer.alloc(longestHead);
  input.read(0, Math.min(longestHead, input.size)).copy(head);
  return besides + windowOf(codec, head);
}

function windowOf(codec: CodecName, head: Buffer): number {
  switch (codec) {
    case 'xz':
      return xzDictionary(head);
    case 'lzma':
      return head.readUInt32LE(1);
    case 'zstd':
      return zstdWindow(head);
    case 'lz4-legacy':
      // A block as it is, and expanded.
      return 2 * 8 * 1024 * 1024;
    case 'lz4':
      return 2 * 4 * 1024 * 1024;
    case 'gzip':
    case 'lzo':
    case 'bzip2':
      // Of bzip2 a block and what it is sorted by.
      return 8 * 1024 * 1024;
  }
}

/** The dictionary of the first block (xz-file-format.txt, 3.1 and 5.3.1), behind filters that have none. */
function xzDictionary(head: Buffer): number {
  let at = xzHeaderSize + 2;
  // Blocks that state their sizes do so in numbers of up to nine bytes, the last of which has no top bit.
  const flags = head.readUInt8(xzHeaderSize + 1);
  for (const bit of [0x40, 0x80]) {
    if ((flags & bit) === 0) continue;
    while (at < longestHead - 12 && (head.readUInt8(at) & 0x80) !== 0) at += 1;
    at += 1;
  }
  for (let filter = 0; filter < mostFilters && at + 3 < longestHead; filter += 1) {
    const [id, properties] = [head.readUInt8(at), head.readUInt8(at + 1)];
    if (id === 0x21 && properties === 1) {
      const bits = head.readUInt8(at + 2) & 0x3f;
      return Math.min(2 ** 32, (2 + (bits & 1)) * 2 ** ((bits >> 1) + 11));
    }
    at += 2 + properties;
  }
  return 0;
}

/** RFC 8878, 3.1.1.1.2; a frame in one segment has its content for a window, whose size is not looked at here. */
function zstdWindow(head: Buffer): number {
  if ((head.readUInt8(4) & 0x20) !== 0) return 8 * 1024 * 1024;
  const descriptor = head.readUInt8(5);
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8);
}

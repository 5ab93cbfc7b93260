import { crc32 } from 'node:zlib';

/** What a legacy U-Boot image to build has in its header; see U-Boot's include/image.h. */
export interface UImageSpec {
  readonly payload: Buffer;
  /** ih_type: 2 is a kernel, 4 a multi-file image. */
  readonly type?: number;
  readonly compression?: number;
  readonly name?: string;
  /** What the header says instead of the payload's own length. */
  readonly size?: number;
}

/** Builds the header, with its checksum, and the payload. */
export function buildUImage({ payload, type = 2, compression = 1, name = '', size }: UImageSpec): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x27051956, 0);
  head.writeUInt32BE(size ?? payload.length, 12);
  head.writeUInt8(type, 30);
  head.writeUInt8(compression, 31);
  head.write(name, 32);
  head.writeUInt32BE(crc32(head), 4);
  return Buffer.concat([head, payload]);
}

/** The payload of a multi-file image: the sizes, a zero, the parts, each padded to four bytes but for the last. */
export function multiPayload(parts: readonly Buffer[]): Buffer {
  const sizes = Buffer.alloc((parts.length + 1) * 4);
  parts.forEach((part, index) => sizes.writeUInt32BE(part.length, index * 4));
  const padding = (part: Buffer): Buffer => Buffer.alloc((4 - (part.length % 4)) % 4);
  return Buffer.concat([
    sizes,
    ...parts.flatMap((part, index) => (index < parts.length - 1 ? [part, padding(part)] : [part])),
  ]);
}

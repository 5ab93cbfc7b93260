import { crc32 } from 'node:zlib';
import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** What the header of a legacy U-Boot image says. */
export interface UImage {
  /** As mkimage(1) calls it: `kernel`, `multi`, `ramdisk`, or `type 99` when it is not known. */
  readonly type: string;
  /** Compression of what U-Boot unpacks: `none`, `gzip`, `bzip2`, `lzma`, `lzo`, `lz4`, `zstd`. */
  readonly compression: string;
  /** Free text, 32 bytes at the most; kernel's builds put `Linux-RELEASE` there. */
  readonly name: string;
  /** All that follows the header. */
  readonly payload: ByteRange;
  /** The files of a multi-file image in order; of every other image, the payload. */
  readonly parts: readonly ByteRange[];
  /** What U-Boot boots; undefined when the image holds no kernel. */
  readonly kernel: ByteRange | undefined;
}

/*
 * U-Boot's include/image.h: struct legacy_img_hdr, and the comment on multi-file images. Big-endian. Names are those
 * of boot/image.c. The numbers never change; new ones are appended.
 */
const magic = 0x27051956;
const headerSize = 64;
const headerChecksumAt = 4;
const sizeAt = 12;
const typeAt = 30;
const nameAt = 32;
const nameSize = 32;

const types = [
  'invalid',
  'standalone',
  'kernel',
  'ramdisk',
  'multi',
  'firmware',
  'script',
  'filesystem',
  'flat_dt',
];
const kernelNoLoad = 14;
const compressions = ['none', 'gzip', 'bzip2', 'lzma', 'lzo', 'lz4', 'zstd'] as const;

/** Types whose payload U-Boot boots (boot/bootm.c); of a multi-file image that is the first part. */
const bootable: ReadonlySet<string> = new Set(['kernel', 'kernel_noload', 'standalone', 'multi']);

/** Kernel, ramdisk and device tree are three. */
const maximumParts = 256;

/** Whether a file that begins with these bytes (64) has the magic of a legacy U-Boot image. */
export function isUImage(head: Buffer): boolean {
  return head.length >= headerSize && head.readUInt32BE(0) === magic;
}

/**
 * The header of a legacy U-Boot image.
 * @throws IkfsError `corrupt` when it is none, its header's checksum is wrong or it is empty; `truncated` when the
 *   payload or a part of it goes beyond the file; `limit` for more than 256 parts
 */
export function parseUImage(source: ByteSource): UImage {
  const head = source.read(0, Math.min(headerSize, source.size));
  const corrupt = (message: string, offset: number): IkfsError =>
    new IkfsError('corrupt', message, { path: source.name, offset });
  if (!isUImage(head)) throw corrupt('is not a legacy U-Boot image', 0);
  if (headerChecksum(head) !== head.readUInt32BE(headerChecksumAt)) {
    throw corrupt('the checksum of the U-Boot header does not match', headerChecksumAt);
  }
  const fields = new Cursor(head, 'big');
  const size = fields.seek(sizeAt).u32('ih_size');
  const typeNumber = fields.seek(typeAt).u8('ih_type');
  const compressionNumber = fields.u8('ih_comp');
  const nameBytes = fields.seek(nameAt).bytes(nameSize, 'ih_name');
  const nameEnd = nameBytes.indexOf(0);
  if (size === 0) throw corrupt('the payload is empty', sizeAt);
  if (headerSize > source.size - size) {
    const message = `the payload has ${size} bytes, the file only ${source.size - headerSize}`;
    throw new IkfsError('truncated', message, { path: source.name, offset: headerSize });
  }
  const type = typeNumber === kernelNoLoad ? 'kernel_noload' : (types[typeNumber] ?? `type ${typeNumber}`);
  const payload = { offset: headerSize, size };
  const parts = type === 'multi' ? readParts(source, payload) : [payload];
  return {
    type,
    compression: compressions[compressionNumber] ?? `compression ${compressionNumber}`,
    name: nameBytes.toString('utf8', 0, nameEnd === -1 ? nameSize : nameEnd),
    payload,
    parts,
    kernel: bootable.has(type) ? parts[0] : undefined,
  };
}

/** CRC-32 of the header with zeros in the checksum's own place. */
function headerChecksum(head: Buffer): number {
  const copy = Buffer.from(head);
  copy.writeUInt32BE(0, headerChecksumAt);
  return crc32(copy);
}

/** The list of sizes, which a zero ends, and the parts behind it, each padded to four bytes but for the last. */
function readParts(source: ByteSource, payload: ByteRange): ByteRange[] {
  const list = source.read(payload.offset, Math.min(payload.size, (maximumParts + 1) * 4));
  const fields = new Cursor(list, 'big', payload.offset);
  const sizes: number[] = [];
  for (let size = fields.u32('part size'); size !== 0; size = fields.u32('part size')) {
    sizes.push(size);
    if (sizes.length > maximumParts) {
      throw new IkfsError('limit', `has more than ${maximumParts} parts`, { path: source.name });
    }
  }
  const end = payload.offset + payload.size;
  let offset = payload.offset + fields.position;
  return sizes.map((size, index) => {
    if (offset > end - size) {
      const message = `part ${index} has ${size} bytes from ${offset}, the payload ends at ${end}`;
      throw new IkfsError('truncated', message, { path: source.name, offset });
    }
    const part = { offset, size };
    offset += Math.ceil(size / 4) * 4;
    return part;
  });
}

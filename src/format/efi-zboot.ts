import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** What the header of an EFI zboot image says: a compressed kernel behind a PE program that unpacks it. */
export interface EfiZboot {
  /** The compressed kernel, without the size that the build puts behind it. */
  readonly payload: ByteRange;
  /** As the kernel's build calls it: `gzip`, `lz4`, `lzma`, `lzo`, `xzkern` or `zstd22`. */
  readonly compression: string;
  /** Offset of the PE header. */
  readonly peOffset: number;
}

/*
 * drivers/firmware/efi/libstub/zboot-header.S and Makefile.zboot (arm64, riscv and loongarch). Little-endian. The
 * payload is a flat kernel, padded to the size that it has in memory.
 */
const dosMagic = Buffer.from('MZ', 'latin1');
const imageTypeAt = 0x04;
const imageType = Buffer.from('zimg', 'latin1');
const payloadAt = 0x08;
const compressionAt = 0x18;
const magicAt = 0x38;
const peOffsetAt = 0x3c;
const headerSize = 0x40;

/** Whether a file that begins with these bytes (8 are enough) is an EFI zboot image. */
export function isEfiZboot(head: Buffer): boolean {
  const end = imageTypeAt + imageType.length;
  return (
    head.length >= end &&
    head.subarray(0, dosMagic.length).equals(dosMagic) &&
    head.subarray(imageTypeAt, end).equals(imageType)
  );
}

/**
 * The header of an EFI zboot image.
 * @throws IkfsError `corrupt` when it is none or its payload is empty, `truncated` when the payload goes beyond
 *   the file
 */
export function parseEfiZboot(source: ByteSource): EfiZboot {
  const head = source.read(0, Math.min(headerSize, source.size));
  if (!isEfiZboot(head)) {
    throw new IkfsError('corrupt', 'is not an EFI zboot image', { path: source.name, offset: 0 });
  }
  const fields = new Cursor(head, 'little').seek(payloadAt);
  const offset = fields.u32('payload offset');
  const size = fields.u32('payload size');
  const name = fields.seek(compressionAt).bytes(magicAt - compressionAt, 'compression type');
  const end = name.indexOf(0);
  const compression = name.toString('latin1', 0, end === -1 ? name.length : end);
  const peOffset = fields.seek(peOffsetAt).u32('PE header offset');
  if (size === 0) {
    throw new IkfsError('corrupt', 'the payload is empty', { path: source.name, offset: payloadAt + 4 });
  }
  if (offset > source.size - size) {
    const message = `the payload has ${size} bytes from ${offset}, the file only ${source.size}`;
    throw new IkfsError('truncated', message, { path: source.name, offset });
  }
  return { payload: { offset, size }, compression, peOffset };
}

import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** What the header of a zImage of 32-bit ARM says. */
export interface ArmZImage {
  /** Byte order of the kernel. */
  readonly order: 'little' | 'big';
  /** Where to look for the compressed kernel; no header says where it begins. */
  readonly searched: ByteRange;
  /** Bytes that come out, as the kernel's build has noted them; since Linux 4.15. */
  readonly decodedSize: number | undefined;
  /** What was put behind the image, a device tree as a rule. */
  readonly appended: ByteRange | undefined;
}

/*
 * arch/arm/boot/compressed/head.S: the words behind the first instructions. They are in the byte order of
 * instructions, which are little-endian on all but the oldest big-endian machines; only the word that tells the
 * order of data is in that one. vmlinux.lds.S (`.table`): a list of tags, each with its length in words first; a
 * length of 0 ends it. The word that a tag points to is little-endian always (scripts/Makefile.lib: size_append,
 * RFC 1952: ISIZE).
 */
const magicAt = 0x24;
const magic = 0x016f2818;
const orderAt = 0x30;
const extensionAt = 0x34;
const headerEnd = 0x3c;
const extensionMagic = 0x45454545;
const sizeTag = 0x5a534c4b;

/** The table has had one tag for years. */
const maximumTags = 16;

/** Whether a file that begins with these bytes (0x28 of them) is a zImage of 32-bit ARM. */
export function isArmZImage(head: Buffer): boolean {
  return instructionOrder(head) !== undefined;
}

/**
 * The header of a zImage.
 * @throws IkfsError `corrupt` when it is none or its header contradicts itself, `truncated` when the image goes
 *   beyond the file
 */
export function parseArmZImage(source: ByteSource): ArmZImage {
  const head = source.read(0, Math.min(headerEnd, source.size));
  const corrupt = (message: string, offset: number): IkfsError =>
    new IkfsError('corrupt', message, { path: source.name, offset });
  const order = instructionOrder(head);
  if (!order) throw corrupt('is not an ARM zImage', magicAt);
  const fields = new Cursor(head, order).seek(magicAt + 4);
  const start = fields.u32('start address');
  const size = fields.u32('end address') - start;
  if (size < headerEnd) throw corrupt('the image ends before it begins', magicAt + 8);
  if (size > source.size) {
    const message = `the image has ${size} bytes, the file only ${source.size}`;
    throw new IkfsError('truncated', message, { path: source.name, offset: source.size });
  }
  const sizeWord =
    fields.seek(extensionAt).u32('extension') === extensionMagic
      ? findSizeWord(source, { order, tableAt: fields.u32('table'), size })
      : undefined;
  return {
    order: dataOrder(head, order),
    searched: { offset: headerEnd, size: (sizeWord === undefined ? size : sizeWord + 4) - headerEnd },
    decodedSize: sizeWord === undefined ? undefined : source.read(sizeWord, 4).readUInt32LE(0),
    appended: size < source.size ? { offset: size, size: source.size - size } : undefined,
  };
}

/** The byte order in which the magic stands there. */
function instructionOrder(head: Buffer): 'little' | 'big' | undefined {
  if (head.length < magicAt + 4) return undefined;
  if (head.readUInt32LE(magicAt) === magic) return 'little';
  return head.readUInt32BE(magicAt) === magic ? 'big' : undefined;
}

/** The order of data; older images have no word for it, and then it was that of instructions. */
function dataOrder(head: Buffer, instructions: 'little' | 'big'): 'little' | 'big' {
  const mark = head.toString('hex', orderAt, orderAt + 4);
  if (mark === '01020304') return 'little';
  return mark === '04030201' ? 'big' : instructions;
}

/**
 * Where the decoded size is noted, which is the end of the compressed kernel: the build appends it, and gzip ends
 * with it anyway.
 * @throws IkfsError `corrupt` when the table points out of the image
 */
function findSizeWord(
  source: ByteSource,
  {
    order,
    tableAt,
    size,
  }: { readonly order: 'little' | 'big'; readonly tableAt: number; readonly size: number },
): number | undefined {
  const tagSize = 12;
  let at = tableAt;
  for (let count = 0; count < maximumTags && at <= size - tagSize; count += 1) {
    const fields = new Cursor(source.read(at, tagSize), order, at);
    const words = fields.u32('tag length');
    if (words === 0) return undefined;
    if (fields.u32('tag') === sizeTag) {
      const sizeWord = fields.u32('place of the decoded size');
      if (sizeWord >= headerEnd && sizeWord <= size - 4) return sizeWord;
      throw new IkfsError('corrupt', `the decoded size is noted at ${sizeWord}, outside of the image`, {
        path: source.name,
        offset: at,
      });
    }
    at += words * 4;
  }
  return undefined;
}

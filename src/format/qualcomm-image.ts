import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** A kernel with the 20 bytes in front that Qualcomm's boot loaders ask for when it is not compressed. */
export interface QualcommImage {
  /** The kernel itself: a flat arm64 image, as a rule. */
  readonly kernel: ByteRange;
  /** What lies behind the kernel: device trees, one behind the other; undefined for nothing. */
  readonly appended: ByteRange | undefined;
}

/*
 * QcomModulePkg, Include/Library/BootLinux.h (PATCHED_KERNEL_MAGIC, PATCHED_KERNEL_HEADER_SIZE), and
 * aboot.c of Little Kernel: the magic, then the kernel's length without these 20 bytes as u32,
 * little-endian.
 */
const magic = Buffer.from('UNCOMPRESSED_IMG', 'latin1');
const headerSize = magic.length + 4;

/** Whether a file that begins with these bytes (20 at the least) is a kernel with Qualcomm's prefix. */
export function isQualcommImage(head: Buffer): boolean {
  return head.length >= headerSize && head.subarray(0, magic.length).equals(magic);
}

/**
 * Where the kernel lies behind Qualcomm's prefix.
 * @throws IkfsError `corrupt` when there is no such prefix or the kernel is empty, `truncated` when it goes
 *   beyond the file
 */
export function parseQualcommImage(source: ByteSource): QualcommImage {
  const head = source.read(0, Math.min(headerSize, source.size));
  if (!isQualcommImage(head)) {
    throw new IkfsError('corrupt', 'does not begin with UNCOMPRESSED_IMG', { path: source.name, offset: 0 });
  }
  const size = head.readUInt32LE(magic.length);
  const rest = source.size - headerSize - size;
  if (size === 0 || rest < 0) {
    const message = `the kernel has ${size} bytes from ${headerSize}, the file only ${source.size}`;
    const code = size === 0 ? 'corrupt' : 'truncated';
    throw new IkfsError(code, message, { path: source.name, offset: magic.length });
  }
  return {
    kernel: { offset: headerSize, size },
    appended: rest === 0 ? undefined : { offset: headerSize + size, size: rest },
  };
}

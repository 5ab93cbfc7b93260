import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/*
 * Documentation/admin-guide/bootconfig.rst: behind the ramdisk the text, NULs up to a multiple of 4 bytes,
 * its size with these NULs and the sum of its bytes (both u32, little-endian), the magic.
 */
const magic = Buffer.from('#BOOTCONFIG\n', 'latin1');
const trailerSize = 8 + magic.length;
/** Boot loaders may pad the ramdisk once more (init/main.c: get_boot_config_from_initrd). */
const maximumPadding = 3;
/** XBC_DATA_MAX of include/linux/bootconfig.h, and the NULs that it does not count. */
const maximumSize = 32 * 1024 + 3;

/**
 * The text of the boot configuration at the end of a ramdisk, to be parsed by parseBootconfig; the ramdisk
 * itself ends where it begins.
 * @returns undefined when there is none
 * @throws IkfsError `corrupt` when it is longer than the ramdisk, `limit` when it is longer than the kernel
 *   takes, `mismatch` when its bytes do not have the sum stated
 */
export function findBootconfig(ramdisk: ByteSource): ByteRange | undefined {
  const tailSize = Math.min(trailerSize + maximumPadding, ramdisk.size);
  const tail = ramdisk.read(ramdisk.size - tailSize, tailSize);
  const magicAt = tail.lastIndexOf(magic);
  const fieldsAt = magicAt - 8;
  if (fieldsAt < 0) return undefined;
  const size = tail.readUInt32LE(fieldsAt);
  const sum = tail.readUInt32LE(fieldsAt + 4);
  const end = ramdisk.size - tailSize + fieldsAt;
  const refuse = (code: 'corrupt' | 'limit' | 'mismatch', what: string): IkfsError =>
    new IkfsError(code, `bootconfig: ${what}`, { path: ramdisk.name, offset: end });
  if (size > end) throw refuse('corrupt', `${size} bytes, and only ${end} in front of its end`);
  if (size > maximumSize) throw refuse('limit', `${size} bytes, which is more than kernels take`);
  const offset = end - size;
  if (sumOfBytes(ramdisk.read(offset, size)) !== sum)
    throw refuse('mismatch', 'its bytes have another sum than stated');
  return { offset, size };
}

/** No text that is short enough has a sum of 2^32. */
function sumOfBytes(bytes: Buffer): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

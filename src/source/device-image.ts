import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { KnownDevice } from '../bytes/block-device.ts';
import type { ByteRange } from '../bytes/byte-range.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { ReadTally } from '../bytes/descriptor-source.ts';
import { FileSource } from '../bytes/file-source.ts';
import type { Limits } from '../bytes/limits.ts';
import { IkfsError } from '../errors.ts';
import { isAndroidBoot, parseAndroidBoot } from '../format/android-boot.ts';
import { isAndroidVendorBoot, parseAndroidVendorBoot } from '../format/android-vendor-boot.ts';
import { findAvbFooter } from '../format/avb-footer.ts';
import { headOf } from './image.ts';

/** Bytes read at a time, after which others get a turn. */
const chunkSize = 1024 * 1024;

/**
 * What tells the image on a block device from any other: all bytes that are used of it are read. Nothing less would do:
 * the node tells of no writes but those made through it since the system was started, and what vbmeta says of the image
 * is only right while nobody has patched it.
 * @throws IkfsError `limit` for a device that is long and does not say how much of it is used, what the parsers throw,
 *   and as FileSource.openDevice
 */
export async function identifyDevice(path: string, limits: Limits, tally?: ReadTally): Promise<KnownDevice> {
  const whole = FileSource.openDevice(path, { tally });
  try {
    const size = usedSize(whole);
    if (size > limits.imageBytes) {
      const message = `is a device of ${size} bytes that does not say how many of them hold an image`;
      throw new IkfsError('limit', message, { path });
    }
    return { size, digest: await digestOf(new WindowSource(whole, 0, size)) };
  } finally {
    whole.close();
  }
}

/** Opens an image. @param device what is known of it when it is a block device @throws IkfsError as FileSource.open */
export function openImage(path: string, device: KnownDevice | undefined, tally: ReadTally): FileSource {
  return device ? FileSource.openDevice(path, { tally, known: device }) : FileSource.open(path, { tally });
}

/**
 * Makes sure that a device held the same bytes all the while that something was made of them.
 * @param device as it was opened before that
 * @throws IkfsError `changed`
 */
export async function confirmDevice(device: ByteSource, { digest }: KnownDevice): Promise<void> {
  if ((await digestOf(device)) === digest) return;
  throw new IkfsError('changed', 'was written to while it was read', { path: device.name });
}

/**
 * How many bytes from the beginning of a partition hold something, as far as a header or footer tells: all that a parser
 * reads of it, and all that it points at.
 */
function usedSize(device: ByteSource): number {
  const head = headOf(device);
  const seen = new ReachSource(device);
  if (isAndroidBoot(head)) {
    const { kernel, ramdisk, second, recoveryDtbo, dtb } = parseAndroidBoot(seen);
    return endOf(seen, [kernel, ramdisk, second, recoveryDtbo, dtb]);
  }
  if (isAndroidVendorBoot(head)) {
    const { ramdisks, dtb, bootconfig } = parseAndroidVendorBoot(seen);
    return endOf(seen, [...ramdisks, dtb, bootconfig]);
  }
  return findAvbFooter(device)?.imageSize ?? device.size;
}

function endOf({ reach }: ReachSource, parts: readonly (ByteRange | undefined)[]): number {
  return Math.max(reach, ...parts.map((part) => (part ? part.offset + part.size : 0)));
}

/** Tells how far a parser has read. */
class ReachSource extends WindowSource {
  /** Offset behind the last byte that was read. */
  reach = 0;

  constructor(source: ByteSource) {
    super(source, 0, source.size);
  }

  override read(offset: number, length: number): Buffer {
    this.reach = Math.max(this.reach, offset + length);
    return super.read(offset, length);
  }
}

async function digestOf(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < source.size; at += chunkSize) {
    hash.update(source.read(at, Math.min(chunkSize, source.size - at)));
    await setImmediate();
  }
  return hash.digest('hex');
}

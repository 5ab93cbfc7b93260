import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { detectCodec } from '../codec/table.ts';
import { IkfsError } from '../errors.ts';
import { isAndroidBoot, parseAndroidBoot } from '../format/android-boot.ts';
import { isAndroidVendorBoot, parseAndroidVendorBoot } from '../format/android-vendor-boot.ts';
import type { VendorRamdiskType } from '../format/android-vendor-boot.ts';
import { isCpio } from '../format/cpio.ts';
import { isUImage, parseUImage } from '../format/uimage.ts';
import { headOf } from './image.ts';
import type { Step } from './image.ts';

/** One ramdisk of an image: archives one behind the other, each plain or compressed. */
export interface RamdiskPart {
  readonly range: ByteRange;
  /** The layers around it. */
  readonly steps: readonly Step[];
  /** Whether the system that it belongs to is not the usual one, so that its files replace none. */
  readonly isRecovery: boolean;
}

/** How `ikfs info` calls the ramdisks of vendor_boot. */
const ramdiskNames: Readonly<Record<VendorRamdiskType, string>> = {
  none: 'ramdisk',
  platform: 'platform ramdisk',
  recovery: 'recovery ramdisk',
  dlkm: 'dlkm ramdisk',
  unknown: 'ramdisk',
};

/**
 * The ramdisks of a vendor_boot, boot or init_boot image or of U-Boot's, in the order in which a boot loader puts them
 * into memory; any other file is one ramdisk itself.
 * @throws IkfsError `unsupported` when it begins like no archive, and what the parsers throw
 */
export function ramdiskParts(image: ByteSource): RamdiskPart[] {
  const head = headOf(image);
  const layer = (name: string): Step => ({ name, size: image.size });
  if (isAndroidVendorBoot(head)) {
    const { headerVersion, ramdisks } = parseAndroidVendorBoot(image);
    return ramdisks.map(({ offset, size, type }) => ({
      range: { offset, size },
      steps: [layer(`Android vendor boot v${headerVersion}`), { name: ramdiskNames[type], size }],
      isRecovery: type === 'recovery',
    }));
  }
  if (isAndroidBoot(head)) {
    const { headerVersion, ramdisk } = parseAndroidBoot(image);
    if (!ramdisk) return [];
    return [{ range: ramdisk, steps: [layer(`Android boot v${headerVersion}`)], isRecovery: false }];
  }
  if (isUImage(head)) {
    const { type, payload } = parseUImage(image);
    if (type === 'ramdisk') return [{ range: payload, steps: [layer('uImage')], isRecovery: false }];
  }
  if (!isCpio(head) && !detectCodec(head)) {
    throw new IkfsError('unsupported', 'is neither a ramdisk nor an image with one', { path: image.name });
  }
  return [{ range: { offset: 0, size: image.size }, steps: [], isRecovery: false }];
}

import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';
import { paddedText, Pages } from './android-pages.ts';

/**
 * What a ramdisk of vendor_boot is for; `none` when the image does not say, `unknown` for a number without
 * meaning.
 */
export type VendorRamdiskType = 'none' | 'platform' | 'recovery' | 'dlkm' | 'unknown';

/** One ramdisk of a vendor_boot image; its range is in bytes, from the beginning of the image. */
export interface VendorRamdisk extends ByteRange {
  readonly type: VendorRamdiskType;
  /** Unique in the image; empty for the default ramdisk and in version 3. Untrusted: any text. */
  readonly name: string;
}

/** What the header of a vendor_boot image says. Parts of no bytes are undefined. */
export interface AndroidVendorBoot {
  /** 3 or 4. */
  readonly headerVersion: number;
  /** In the order of the table; one in version 3. They may overlap, and need not cover the whole section. */
  readonly ramdisks: readonly VendorRamdisk[];
  /** Device trees, one behind the other. */
  readonly dtb: ByteRange | undefined;
  /** Text of a boot configuration, without trailer; version 4. */
  readonly bootconfig: ByteRange | undefined;
  /** What the image adds to the kernel's command line. */
  readonly commandLine: string;
}

/*
 * Offsets and meanings: AOSP system/tools/mkbootimg, include/bootimg/bootimg.h, vendor_boot_img_hdr_v3,
 * vendor_boot_img_hdr_v4 and vendor_ramdisk_table_entry_v4. Little-endian.
 */
const magic = Buffer.from('VNDRBOOT', 'latin1');
const versionAt = 8;
const pageSizeAt = 12;
const ramdiskSizeAt = 24;
const commandLineAt = 28;
const commandLineSize = 2048;
const dtbSizeAt = 2100;
const headerSize3 = 2112;
const tableSizeAt = 2112;
const headerSize4 = 2128;

/** Size, offset, type, name, and 16 words of board_id, which are for the boot loader. */
const entrySize4 = 108;
const entryNameAt = 12;
const entryNameSize = 32;
const types: readonly VendorRamdiskType[] = ['none', 'platform', 'recovery', 'dlkm'];

/** A device has a handful of ramdisks, and an entry has room to grow: at most 4 MiB are read. */
const maximumEntries = 1024;
const maximumEntrySize = 4096;

/** Whether a file that begins with these bytes (8 at the least) is an Android vendor_boot image. */
export function isAndroidVendorBoot(head: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}

/**
 * The header and the table of ramdisks of a vendor_boot image. There is no kernel in one, but modules may
 * be in the ramdisks. Two reads.
 * @throws IkfsError `corrupt` when it is no such image, its page size is none, or table and ramdisks
 *   contradict one another; `truncated` when a part goes beyond the file; `unsupported` for a version other
 *   than 3 and 4; `limit` for a table of more than 1,024 ramdisks
 */
export function parseAndroidVendorBoot(source: ByteSource): AndroidVendorBoot {
  const head = source.read(0, Math.min(headerSize4, source.size));
  if (!isAndroidVendorBoot(head)) {
    throw new IkfsError('corrupt', 'is not an Android vendor_boot image', { path: source.name, offset: 0 });
  }
  const fields = new Cursor(head, 'little');
  const headerVersion = fields.seek(versionAt).u32('header_version');
  if (headerVersion !== 3 && headerVersion !== 4) {
    const message = `has a header of version ${headerVersion}; 3 and 4 are known`;
    throw new IkfsError('unsupported', message, { path: source.name, offset: versionAt });
  }
  const pageSize = fields.seek(pageSizeAt).u32('page_size');
  const pages = new Pages(source, pageSize, headerVersion === 3 ? headerSize3 : headerSize4, pageSizeAt);
  const section = pages.take('vendor ramdisk', fields.seek(ramdiskSizeAt).u32('vendor_ramdisk_size'));
  const dtb = pages.take('dtb', fields.seek(dtbSizeAt).u32('dtb_size'));
  const commandLine = paddedText(fields.seek(commandLineAt).bytes(commandLineSize, 'cmdline'));
  const whole: VendorRamdisk[] = section ? [{ ...section, type: 'none', name: '' }] : [];
  if (headerVersion === 3) return { headerVersion, ramdisks: whole, dtb, bootconfig: undefined, commandLine };
  const table = pages.take('table of ramdisks', fields.seek(tableSizeAt).u32('vendor_ramdisk_table_size'));
  const count = fields.u32('vendor_ramdisk_table_entry_num');
  const entrySize = fields.u32('vendor_ramdisk_table_entry_size');
  const bootconfig = pages.take('bootconfig', fields.u32('bootconfig_size'));
  if (!table || count === 0) return { headerVersion, ramdisks: whole, dtb, bootconfig, commandLine };
  checkTable(source, table, count, entrySize);
  const entries = source.read(table.offset, count * entrySize);
  const ramdisks = Array.from({ length: count }, (_, index) => {
    const entry = entries.subarray(index * entrySize, (index + 1) * entrySize);
    const ramdisk = ramdiskOf(entry, section ?? { offset: 0, size: 0 });
    if (ramdisk) return ramdisk;
    throw refused('corrupt', source, table.offset + index * entrySize, `entry ${index} is outside of them`);
  });
  return { headerVersion, ramdisks, dtb, bootconfig, commandLine };
}

function checkTable(source: ByteSource, table: ByteRange, count: number, entrySize: number): void {
  if (count > maximumEntries) {
    throw refused('limit', source, tableSizeAt, `${count} entries, of which ${maximumEntries} are read`);
  }
  if (entrySize < entrySize4 || entrySize > maximumEntrySize || count * entrySize > table.size) {
    throw refused('corrupt', source, tableSizeAt, `${count} entries of ${entrySize} bytes in ${table.size}`);
  }
}

/** @returns undefined when it does not lie in the section of the ramdisks */
function ramdiskOf(entry: Buffer, section: ByteRange): VendorRamdisk | undefined {
  const size = entry.readUInt32LE(0);
  const start = entry.readUInt32LE(4);
  if (start + size > section.size) return undefined;
  return {
    offset: section.offset + start,
    size,
    type: types[entry.readUInt32LE(8)] ?? 'unknown',
    name: paddedText(entry.subarray(entryNameAt, entryNameAt + entryNameSize)),
  };
}

function refused(code: 'corrupt' | 'limit', source: ByteSource, offset: number, what: string): IkfsError {
  return new IkfsError(code, `table of ramdisks: ${what}`, { path: source.name, offset });
}

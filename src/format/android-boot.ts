import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';
import { isPageSize, paddedText, Pages } from './android-pages.ts';

/**
 * What the header of an Android boot image says. Parts of no bytes are undefined, as those are that its
 * version lacks.
 */
export interface AndroidBoot {
  /** 0 to 4. Old images that have the size of a device tree table in the version's place are of version 0. */
  readonly headerVersion: number;
  /** The kernel, compressed or not, perhaps with device trees behind it. An init_boot image has none. */
  readonly kernel: ByteRange | undefined;
  /** One archive or several, mostly compressed. */
  readonly ramdisk: ByteRange | undefined;
  /** Second-stage boot loader; versions 0 to 2. */
  readonly second: ByteRange | undefined;
  /** Device tree overlays or ACPI tables for recovery; versions 1 and 2. */
  readonly recoveryDtbo: ByteRange | undefined;
  /** Device trees, one behind the other; version 2. In old images Qualcomm's table of them (QCDT). */
  readonly dtb: ByteRange | undefined;
  /** `14.0.0`; undefined when the image does not say. */
  readonly osVersion: string | undefined;
  /** The month of the security patches: `2024-03`; undefined when the image does not say. */
  readonly patchLevel: string | undefined;
  /** What the image adds to the kernel's command line. */
  readonly commandLine: string;
}

/*
 * Offsets and meanings: AOSP system/tools/mkbootimg, include/bootimg/bootimg.h, boot_img_hdr_v0 to
 * boot_img_hdr_v4. Little-endian. Version 4 adds a signature behind the ramdisk, which nothing here needs.
 */
const magic = Buffer.from('ANDROID!', 'latin1');
const kernelSizeAt = 8;
const versionAt = 40;
const latestVersion = 4;

/* Versions 0 to 2. */
const ramdiskSizeAt = 16;
const secondSizeAt = 24;
const pageSizeAt = 36;
const osVersionAt = 44;
const commandLineAt = 64;
const commandLineSize = 512;
const extraCommandLineAt = 608;
const extraCommandLineSize = 1024;
const recoveryDtboAt = 1632;
const dtbSizeAt = 1648;
const longestHeader = 1660;

/* Versions 3 and 4. */
const genericPageSize = 4096;
const genericOsVersionAt = 16;
const genericCommandLineAt = 44;
const genericCommandLineSize = 1536;

/** Whether a file that begins with these bytes (8 at the least) is an Android boot image. */
export function isAndroidBoot(head: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}

/**
 * The header of a boot, recovery or init_boot image. One read; what lies behind the parts (a signature, the
 * rest of a partition) does not matter.
 * @throws IkfsError `corrupt` when it is no such image or its page size is none, `truncated` when a part
 *   goes beyond the file, `unsupported` for a header that is newer than version 4
 */
export function parseAndroidBoot(source: ByteSource): AndroidBoot {
  const head = source.read(0, Math.min(longestHeader, source.size));
  if (!isAndroidBoot(head)) {
    throw new IkfsError('corrupt', 'is not an Android boot image', { path: source.name, offset: 0 });
  }
  const fields = new Cursor(head, 'little');
  const version = fields.seek(versionAt).u32('header_version');
  return version === 3 || version === 4
    ? parseGeneric(source, fields, version)
    : parseEarly(source, fields, version);
}

/** Versions 3 and 4, whose kernel is the same on all devices: what a device needs is in vendor_boot. */
function parseGeneric(source: ByteSource, fields: Cursor, headerVersion: number): AndroidBoot {
  const pages = new Pages(source, genericPageSize, genericPageSize);
  fields.seek(kernelSizeAt);
  const kernel = pages.take('kernel', fields.u32('kernel_size'));
  const ramdisk = pages.take('ramdisk', fields.u32('ramdisk_size'));
  return {
    headerVersion,
    kernel,
    ramdisk,
    second: undefined,
    recoveryDtbo: undefined,
    dtb: undefined,
    ...versionsOf(fields.seek(genericOsVersionAt).u32('os_version')),
    commandLine: paddedText(fields.seek(genericCommandLineAt).bytes(genericCommandLineSize, 'cmdline')),
  };
}

/** Versions 0 to 2, with pages of any size. */
function parseEarly(source: ByteSource, fields: Cursor, stated: number): AndroidBoot {
  const pageSize = fields.seek(pageSizeAt).u32('page_size');
  if (stated > latestVersion && !isPageSize(pageSize)) {
    const message = `has a header of version ${stated}; up to ${latestVersion} are known`;
    throw new IkfsError('unsupported', message, { path: source.name, offset: versionAt });
  }
  const pages = new Pages(source, pageSize, pageSize, pageSizeAt);
  const headerVersion = stated > latestVersion ? 0 : stated;
  return {
    headerVersion,
    kernel: pages.take('kernel', fields.seek(kernelSizeAt).u32('kernel_size')),
    ramdisk: pages.take('ramdisk', fields.seek(ramdiskSizeAt).u32('ramdisk_size')),
    second: pages.take('second', fields.seek(secondSizeAt).u32('second_size')),
    // Behind a header of version 0 there may be anything; Huawei puts a signature there.
    recoveryDtbo: headerVersion >= 1 ? takeRecoveryDtbo(pages, fields) : undefined,
    dtb: takeDeviceTrees(pages, fields, stated),
    ...versionsOf(fields.seek(osVersionAt).u32('os_version')),
    commandLine: earlyCommandLine(fields),
  };
}

/** The header gives its offset, which is where the order of the parts puts it. */
function takeRecoveryDtbo(pages: Pages, fields: Cursor): ByteRange | undefined {
  const size = fields.seek(recoveryDtboAt).u32('recovery_dtbo_size');
  const offset = fields.u64('recovery_dtbo_offset');
  pages.pass(size);
  return pages.at('recovery_dtbo', offset, size);
}

/**
 * Before there were versions, Qualcomm's mkbootimg wrote the size of a table of device trees there
 * (dt_size), which lies behind the second stage. Not every such number is one, so a table that is not there
 * is no error.
 */
function takeDeviceTrees(pages: Pages, fields: Cursor, stated: number): ByteRange | undefined {
  if (stated === 2) return pages.take('dtb', fields.seek(dtbSizeAt).u32('dtb_size'));
  return stated > latestVersion && pages.fits(stated) ? pages.take('QCDT', stated) : undefined;
}

/** A line that fills the first field goes on in the second; else each field is a text of its own. */
function earlyCommandLine(fields: Cursor): string {
  const first = fields.seek(commandLineAt).bytes(commandLineSize, 'cmdline');
  const text = paddedText(first);
  const extra = paddedText(fields.seek(extraCommandLineAt).bytes(extraCommandLineSize, 'extra_cmdline'));
  // Some writers put a NUL at the end of the full field.
  const goesOn = first.indexOf(0) === -1 || first.indexOf(0) === commandLineSize - 1;
  return goesOn || text === '' || extra === '' ? text + extra : `${text} ${extra}`;
}

/** From the top bit: three times 7 bits of version, 7 bits of years since 2000, 4 bits of month. */
function versionsOf(field: number): Pick<AndroidBoot, 'osVersion' | 'patchLevel'> {
  const bits = (shift: number): number => (field >>> shift) & 0x7f;
  const month = field & 0xf;
  return {
    osVersion: field >>> 11 === 0 ? undefined : `${bits(25)}.${bits(18)}.${bits(11)}`,
    patchLevel: month === 0 ? undefined : `${2000 + bits(4)}-${String(month).padStart(2, '0')}`,
  };
}

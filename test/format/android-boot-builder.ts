/** What a boot image to build has in it; see AOSP system/tools/mkbootimg, include/bootimg/bootimg.h. */
export interface AndroidBootSpec {
  /** Also a number that is none: the dt_size of old images. */
  readonly headerVersion: number;
  /** Of versions 0 to 2; the others have 4096. */
  readonly pageSize?: number;
  readonly kernel?: Buffer;
  readonly ramdisk?: Buffer;
  readonly second?: Buffer;
  readonly recoveryDtbo?: Buffer;
  /** The table of device trees of an old image, too. */
  readonly dtb?: Buffer;
  readonly osVersion?: number;
  readonly commandLine?: string;
  readonly extraCommandLine?: string;
}

const nothing = Buffer.alloc(0);

/** A part with zeros up to the end of its last page. */
function paged(part: Buffer, pageSize: number): Buffer {
  return Buffer.concat([part, Buffer.alloc((pageSize - (part.length % pageSize)) % pageSize)]);
}

/** Builds the header and the parts of a boot image. */
export function buildAndroidBoot(spec: AndroidBootSpec): Buffer {
  const { kernel = nothing, ramdisk = nothing, second = nothing } = spec;
  const { recoveryDtbo = nothing, dtb = nothing } = spec;
  const generic = spec.headerVersion === 3 || spec.headerVersion === 4;
  const pageSize = generic ? 4096 : (spec.pageSize ?? 2048);
  const header = Buffer.alloc(pageSize);
  header.write('ANDROID!');
  header.writeUInt32LE(kernel.length, 8);
  header.writeUInt32LE(spec.headerVersion, 40);
  const front = [header, kernel, ramdisk];
  if (generic) {
    header.writeUInt32LE(ramdisk.length, 12);
    header.writeUInt32LE(spec.osVersion ?? 0, 16);
    header.writeUInt32LE(spec.headerVersion === 3 ? 1580 : 1584, 20);
    header.write(spec.commandLine ?? '', 44);
    return Buffer.concat(front.map((part) => paged(part, pageSize)));
  }
  header.writeUInt32LE(ramdisk.length, 16);
  header.writeUInt32LE(second.length, 24);
  header.writeUInt32LE(pageSize, 36);
  header.writeUInt32LE(spec.osVersion ?? 0, 44);
  header.write(spec.commandLine ?? '', 64);
  header.write(spec.extraCommandLine ?? '', 608);
  const inFront = Buffer.concat([...front, second].map((part) => paged(part, pageSize)));
  if (spec.headerVersion === 1 || spec.headerVersion === 2) {
    inFront.writeUInt32LE(recoveryDtbo.length, 1632);
    inFront.writeBigUInt64LE(BigInt(inFront.length), 1636);
  }
  if (spec.headerVersion === 2) inFront.writeUInt32LE(dtb.length, 1648);
  return Buffer.concat([inFront, paged(recoveryDtbo, pageSize), paged(dtb, pageSize)]);
}

/** One ramdisk of a vendor_boot image to build, and what the table says of it. */
export interface VendorRamdiskSpec {
  readonly content: Buffer;
  readonly type?: number;
  readonly name?: string;
  /** Instead of where it lies, from the beginning of the first. */
  readonly statedOffset?: number;
}

/** What a vendor_boot image to build has in it. */
export interface AndroidVendorBootSpec {
  readonly headerVersion: number;
  readonly pageSize?: number;
  readonly ramdisks?: readonly VendorRamdiskSpec[];
  readonly dtb?: Buffer;
  readonly bootconfig?: string;
  readonly commandLine?: string;
  readonly entrySize?: number;
  readonly statedEntries?: number;
}

/** Builds the header, the parts and, for version 4, the table of ramdisks of a vendor_boot image. */
export function buildAndroidVendorBoot(spec: AndroidVendorBootSpec): Buffer {
  const { pageSize = 2048, ramdisks = [], dtb = nothing, entrySize = 108 } = spec;
  const section = Buffer.concat(ramdisks.map(({ content }) => content));
  const header = Buffer.alloc(spec.headerVersion === 3 ? 2112 : 2128);
  header.write('VNDRBOOT');
  header.writeUInt32LE(spec.headerVersion, 8);
  header.writeUInt32LE(pageSize, 12);
  header.writeUInt32LE(section.length, 24);
  header.write(spec.commandLine ?? '', 28);
  header.writeUInt32LE(header.length, 2096);
  header.writeUInt32LE(dtb.length, 2100);
  const parts = [header, section, dtb];
  if (spec.headerVersion !== 3) {
    const table = Buffer.alloc(ramdisks.length * entrySize);
    let offset = 0;
    ramdisks.forEach(({ content, type, name, statedOffset }, index) => {
      const entry = table.subarray(index * entrySize);
      entry.writeUInt32LE(content.length, 0);
      entry.writeUInt32LE(statedOffset ?? offset, 4);
      entry.writeUInt32LE(type ?? 0, 8);
      entry.write(name ?? '', 12);
      offset += content.length;
    });
    const bootconfig = Buffer.from(spec.bootconfig ?? '');
    header.writeUInt32LE(table.length, 2112);
    header.writeUInt32LE(spec.statedEntries ?? ramdisks.length, 2116);
    header.writeUInt32LE(entrySize, 2120);
    header.writeUInt32LE(bootconfig.length, 2124);
    parts.push(table, bootconfig);
  }
  return Buffer.concat(parts.map((part) => paged(part, pageSize)));
}

/** Puts an image into a partition: padding, a made-up vbmeta of 256 bytes behind the image, and the footer. */
export function buildAvbPartition(image: Buffer, partitionSize: number): Buffer {
  const partition = Buffer.alloc(partitionSize);
  image.copy(partition);
  partition.write('AVB0', image.length);
  const footer = partition.subarray(partitionSize - 64);
  footer.write('AVBf');
  footer.writeUInt32BE(1, 4);
  footer.writeBigUInt64BE(BigInt(image.length), 12);
  footer.writeBigUInt64BE(BigInt(image.length), 20);
  footer.writeBigUInt64BE(256n, 28);
  return partition;
}

/** Puts Qualcomm's prefix in front of a kernel. */
export function buildQualcommImage(kernel: Buffer, appended = nothing): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(kernel.length);
  return Buffer.concat([Buffer.from('UNCOMPRESSED_IMG'), size, kernel, appended]);
}

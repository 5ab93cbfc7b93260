import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** What the head of an s390 kernel image says, compressed or not. */
export interface S390Image {
  /** `6.1.0-50-s390x (debian-kernel@...) #1 SMP ...`; undefined when the image has none. */
  readonly versionString: string | undefined;
  /** The first word of the version string, which is the release. */
  readonly release: string | undefined;
  /**
   * Where to look for the compressed kernel, which only the decompressor's code knows to find. Where none is, the
   * image is the kernel itself.
   */
  readonly searched: ByteRange;
}

/*
 * arch/s390/boot/ipl_data.c: what an IPL loads first, a PSW and two channel commands that read two cards of 80
 * bytes each, then fill bytes (the comment there: file(1) tells images by these, and they stay). arch/s390/boot/
 * head.S and arch/s390/include/asm/setup.h: what the image has at fixed addresses, which are its offsets as well.
 * Big-endian. arch/s390/boot/vmlinux.lds.S: the compressed kernel (.rodata.compressed) is the last but a trailer.
 */
const firstCommandsAt = 8;
const firstCommands = Buffer.from('02000018600000500200006860000050' + '40'.repeat(8), 'hex');
const entryPointAt = 0x10008;
const entryPoint = Buffer.from('S390EP', 'latin1');
const versionPointerAt = 0x10428;
const headEnd = 0x11000;

const maximumVersionString = 512;

/** Whether a file that begins with these bytes (32 of them) is an s390 kernel image. */
export function isS390Image(head: Buffer): boolean {
  return head.subarray(firstCommandsAt, firstCommandsAt + firstCommands.length).equals(firstCommands);
}

/** @throws IkfsError `corrupt` when it is no s390 kernel image, `truncated` when it ends in its head */
export function parseS390Image(source: ByteSource): S390Image {
  const notImage = (offset: number): IkfsError =>
    new IkfsError('corrupt', 'is not an s390 kernel image', { path: source.name, offset });
  if (!isS390Image(source.read(0, Math.min(64, source.size)))) throw notImage(firstCommandsAt);
  const head = source.read(0, headEnd);
  if (!head.subarray(entryPointAt, entryPointAt + entryPoint.length).equals(entryPoint)) {
    throw notImage(entryPointAt);
  }
  const versionString = readVersionString(source, head.readBigUInt64BE(versionPointerAt));
  return {
    versionString,
    release: versionString?.split(' ', 1)[0],
    searched: { offset: headEnd, size: source.size - headEnd },
  };
}

/** The string that the pointer in the parameter area is to. */
function readVersionString(source: ByteSource, pointer: bigint): string | undefined {
  if (pointer === 0n || pointer >= BigInt(source.size)) return undefined;
  const start = Number(pointer);
  const bytes = source.read(start, Math.min(maximumVersionString, source.size - start));
  const end = bytes.indexOf(0);
  return end > 0 ? bytes.toString('utf8', 0, end) : undefined;
}

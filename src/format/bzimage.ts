import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** What the boot header of an x86 kernel image says. */
export interface BzImage {
  /** Boot protocol: 0x020f is 2.15. */
  readonly protocol: number;
  /**
   * The compressed kernel. In all compressions but gzip its last four bytes are the size of what comes out,
   * which the kernel's build appends (scripts/Makefile.lib: size_append).
   */
  readonly payload: ByteRange;
  /** `6.1.192-ik (root@vm) #1 SMP ...`; undefined when the header has none. */
  readonly versionString: string | undefined;
  /** The first word of the version string, which is the release. */
  readonly release: string | undefined;
}

/*
 * Offsets and meanings: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". Little-endian.
 */
const setupSectorsAt = 0x1f1;
const bootFlagAt = 0x1fe;
const magicAt = 0x202;
const versionAt = 0x206;
const versionStringAt = 0x20e;
const payloadAt = 0x248;
const headerEnd = 0x250;

const sectorSize = 512;
const bootFlag = 0xaa55;
const magic = Buffer.from('HdrS', 'latin1');
/** The version string counts from here: behind the first sector, where the header's jump is. */
const versionStringBase = 0x200;
const maximumVersionString = 512;
/** The first protocol with payload_offset and payload_length. */
const firstWithPayload = 0x0208;

/** Whether a file that begins with these bytes (0x206 at the least) is an x86 kernel image. */
export function isBzImage(head: Buffer): boolean {
  return (
    head.length >= versionAt &&
    head.readUInt16LE(bootFlagAt) === bootFlag &&
    head.compare(magic, 0, magic.length, magicAt, magicAt + magic.length) === 0
  );
}

/**
 * The boot header of a bzImage. A signature behind the kernel is no part of the payload.
 * @throws IkfsError `corrupt` when it is no bzImage or its payload is empty, `truncated` when the payload
 *   goes beyond the file, `unsupported` for a boot protocol before 2.08 (Linux 2.6.26)
 */
export function parseBzImage(source: ByteSource): BzImage {
  const head = source.read(0, Math.min(headerEnd, source.size));
  if (!isBzImage(head))
    throw new IkfsError('corrupt', 'is not a bzImage', { path: source.name, offset: bootFlagAt });
  const fields = new Cursor(head, 'little');
  // Zero means four, for the sake of very old kernels.
  const setupSectors = fields.seek(setupSectorsAt).u8('setup_sects') || 4;
  const setupEnd = (1 + setupSectors) * sectorSize;
  const protocol = fields.seek(versionAt).u16('version');
  if (protocol < firstWithPayload) {
    const named = `${protocol >> 8}.${String(protocol & 0xff).padStart(2, '0')}`;
    throw new IkfsError('unsupported', `boot protocol ${named} does not say where the kernel is; 2.08 does`, {
      path: source.name,
      offset: versionAt,
    });
  }
  const versionOffset = fields.seek(versionStringAt).u16('kernel_version');
  const offset = setupEnd + fields.seek(payloadAt).u32('payload_offset');
  const size = fields.u32('payload_length');
  if (size === 0)
    throw new IkfsError('corrupt', 'payload_length is 0', { path: source.name, offset: payloadAt + 4 });
  if (offset > source.size - size) {
    const message = `the payload has ${size} bytes from ${offset}, the file only ${source.size}`;
    throw new IkfsError('truncated', message, { path: source.name, offset });
  }
  const versionString = readVersionString(source, versionOffset, setupEnd);
  return { protocol, payload: { offset, size }, versionString, release: versionString?.split(' ', 1)[0] };
}

/** The string that kernel_version points at; it lies in the setup code. */
function readVersionString(source: ByteSource, pointer: number, setupEnd: number): string | undefined {
  const start = versionStringBase + pointer;
  const length = Math.min(maximumVersionString, setupEnd - start, source.size - start);
  if (pointer === 0 || length <= 0) return undefined;
  const bytes = source.read(start, length);
  const end = bytes.indexOf(0);
  return end > 0 ? bytes.toString('utf8', 0, end) : undefined;
}

import { crc32 } from 'node:zlib';
import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { defaultLimits } from '../bytes/limits.ts';
import { occurrences } from '../bytes/scan.ts';
import { IkfsError } from '../errors.ts';

/*
 * The markers around the header archive in the patch series of early 2019 ("Provide in-kernel headers"),
 * which never was in a release.
 */
export const headersStart = Buffer.from('IKHD_ST', 'latin1');
const endMarker = Buffer.from('IKHD_ED', 'latin1');

/*
 * The xz file format 1.1.0, section 2.1.1, stream header: magic, two bytes of flags (0, then the type of
 * check in the low four bits), CRC32 of the flags (little-endian).
 */
export const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const xzFlagsAt = 6;
const xzCrcAt = 8;
const xzHeaderSize = 12;

/**
 * The header archive between IKHD_ST and IKHD_ED. Start markers that no xz stream follows are passed over.
 * @param markers where `headersStart` stands, unless that is still to be looked for
 * @returns undefined when there is none
 * @throws IkfsError `truncated` when one begins and does not end
 */
export function findHeaderMarkers(
  source: ByteSource,
  markers: Iterable<number> = occurrences(source, headersStart),
): ByteRange | undefined {
  for (const marker of markers) {
    const offset = marker + headersStart.length;
    if (!isXzHeader(source, offset)) continue;
    const last = Math.min(source.size, offset + defaultLimits.archiveBytes);
    const end = occurrences(source, endMarker, offset, last).next();
    if (end.done !== true) return { offset, size: end.value - offset };
    throw new IkfsError('truncated', 'the header archive (IKHD_ST) has no end (IKHD_ED)', {
      path: source.name,
      offset: marker,
    });
  }
  return undefined;
}

/**
 * Every offset at which an xz stream header with a valid CRC32 stands; a kernel's own xz decoder has the
 * magic alone. What the streams hold must be looked at: an initramfs may be one of them.
 * @param magics where `xzMagic` stands, unless that is still to be looked for
 */
export function* xzCandidates(
  source: ByteSource,
  magics: Iterable<number> = occurrences(source, xzMagic),
): Generator<number, undefined> {
  for (const offset of magics) if (isXzHeader(source, offset)) yield offset;
}

function isXzHeader(source: ByteSource, offset: number): boolean {
  if (offset + xzHeaderSize > source.size) return false;
  const header = source.read(offset, xzHeaderSize);
  const flags = header.subarray(xzFlagsAt, xzCrcAt);
  return (
    header.subarray(0, xzFlagsAt).equals(xzMagic) &&
    flags[0] === 0 &&
    (flags[1] ?? 0xff) < 0x10 &&
    crc32(flags) === header.readUInt32LE(xzCrcAt)
  );
}

const tarBlockSize = 512;
const tarChecksumAt = 148;
const tarChecksumSize = 8;
const tarMagicAt = 257;

/**
 * Whether a tar archive that begins with these bytes (512 are needed) can be a header archive:
 * kernel/gen_kheaders.sh packs `.`, so that the names begin with `./`. The header is that of POSIX.1-1988
 * (ustar) or of old GNU tar.
 */
export function isHeaderArchiveStart(tarHead: Buffer): boolean {
  if (tarHead.length < tarBlockSize) return false;
  if (tarHead.toString('latin1', tarMagicAt, tarMagicAt + 5) !== 'ustar') return false;
  if (tarHead.toString('latin1', 0, 2) !== './') return false;
  const checksumEnd = tarChecksumAt + tarChecksumSize;
  const stored = Number.parseInt(tarHead.toString('latin1', tarChecksumAt, checksumEnd).trim(), 8);
  // The sum is taken with the checksum's own field as spaces.
  let sum = tarChecksumSize * 0x20;
  for (const byte of tarHead.subarray(0, tarChecksumAt)) sum += byte;
  for (const byte of tarHead.subarray(checksumEnd, tarBlockSize)) sum += byte;
  return stored === sum;
}

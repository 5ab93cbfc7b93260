import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { decode } from '../codec/table.ts';
import { IkfsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { ElfFile } from '../format/elf.ts';
import { findHeaderSymbols } from '../format/elf-header-archive.ts';
import { findHeaderMarkers, isHeaderArchiveStart, xzCandidates } from '../format/ikheaders.ts';
import type { Finding, SearchedPart } from './kernel-contents.ts';

const none = 'no header archive (CONFIG_IKHEADERS is not built in)';

/**
 * Finds the header archive of kernel/kheaders.c in a kernel or in kheaders.ko: by its two symbols; by the
 * markers of the first patch series; in stripped files by trying each xz stream until one holds headers.
 * @param data the part to search where there are no symbols
 * @returns a range in `file`
 */
export async function findHeaderArchive(
  file: ByteSource,
  elf: ElfFile | undefined,
  data: SearchedPart,
  scratch: Scratch,
  limits: Limits,
): Promise<Finding> {
  const bySymbols = elf && findHeaderSymbols(file, elf);
  if (bySymbols) return bySymbols;
  const byMarkers = findHeaderMarkers(data.bytes, data.marks?.headers);
  if (byMarkers) return { offset: data.offset + byMarkers.offset, size: byMarkers.size };
  let tried = 0;
  for (const offset of xzCandidates(data.bytes, data.marks?.xz)) {
    tried += 1;
    if (tried > limits.streams) return { missing: `${none}; gave up after ${limits.streams} xz streams` };
    const size = await archiveSize(
      new WindowSource(data.bytes, offset, data.bytes.size - offset),
      scratch,
      limits,
    );
    if (size !== undefined) return { offset: data.offset + offset, size };
  }
  return { missing: tried === 0 ? none : `${none}; of ${tried} xz streams none holds headers` };
}

/** The first bytes that are looked at to tell an archive from another xz stream: one tar block. */
const tarBlock = 512;

/**
 * Decodes an xz stream and looks whether a header archive came out.
 * @param candidate from the stream's first byte to wherever it may end
 * @returns the stream's length in bytes, undefined when it is something else or broken
 */
async function archiveSize(
  candidate: ByteSource,
  scratch: Scratch,
  limits: Limits,
): Promise<number | undefined> {
  const decoded = scratch();
  try {
    const sink = decoded.sink(limits.archiveBytes);
    const { consumed, produced } = await decode('xz', candidate, sink);
    if (produced < tarBlock) return undefined;
    const start = decoded.source(candidate.name, produced).read(0, tarBlock);
    return isHeaderArchiveStart(start) ? consumed : undefined;
  } catch (error) {
    // A stream that does not decode is a false hit of its magic, not a fault of the image.
    if (error instanceof IkfsError && falseHits.has(error.code)) return undefined;
    throw error;
  } finally {
    decoded.close();
  }
}

const falseHits: ReadonlySet<ErrorCode> = new Set(['corrupt', 'truncated', 'unsupported']);

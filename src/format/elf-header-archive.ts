import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import type { ElfFile } from './elf.ts';
import { findSymbols, symbolFileOffset } from './elf-symbols.ts';

/* The symbols around the header archive: kernel/kheaders.c since Linux 5.2. */
const startSymbol = 'kernel_headers_data';
const endSymbol = 'kernel_headers_data_end';

/**
 * The header archive of a kernel or of kheaders.ko by its symbols.
 * @returns undefined when the file has not both symbols
 * @throws IkfsError `corrupt` or `truncated` when it has, and they do not enclose bytes of the file
 */
export function findHeaderSymbols(source: ByteSource, elf: ElfFile): ByteRange | undefined {
  const symbols = findSymbols(source, elf, [startSymbol, endSymbol]);
  const start = symbols.get(startSymbol);
  const end = symbols.get(endSymbol);
  if (!start || !end) return undefined;
  const offset = symbolFileOffset(elf, start);
  const size = symbolFileOffset(elf, end) - offset;
  if (size <= 0) {
    throw new IkfsError('corrupt', `${endSymbol} is not behind ${startSymbol}`, {
      path: source.name,
      offset,
    });
  }
  if (offset > source.size - size) {
    const message = `the header archive has ${size} bytes from ${offset}, the file only ${source.size}`;
    throw new IkfsError('truncated', message, { path: source.name, offset });
  }
  return { offset, size };
}

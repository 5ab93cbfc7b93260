import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError, describeError } from '../errors.ts';
import type { ElfFile } from '../format/elf.ts';
import { findLoadedExports } from '../format/elf-loaded-exports.ts';
import { findKernelExports } from '../format/elf-vmlinux-exports.ts';
import type { KernelExports } from '../format/elf-vmlinux-exports.ts';
import { symversLines } from '../format/symvers.ts';

/** The part of Module.symvers that is about a kernel itself, or why there is none. */
export type ExportLines = { readonly lines: Buffer } | { readonly missing: string };

/**
 * What a kernel that has been unwrapped exports. A table that can not be read is none: what else the kernel carries can
 * be had all the same.
 * @param order byte order of a flat image
 */
export function kernelExportLines(
  kernel: ByteSource,
  elf: ElfFile | undefined,
  order: 'little' | 'big',
): ExportLines {
  try {
    const found = elf ? findKernelExports(kernel, elf) : loadedExports(kernel, order);
    return 'missing' in found ? found : { lines: Buffer.from(symversLines('vmlinux', found.symbols)) };
  } catch (error) {
    if (!(error instanceof IkfsError)) throw error;
    return { missing: describeError(error) };
  }
}

function loadedExports(kernel: ByteSource, order: 'little' | 'big'): KernelExports {
  const symbols = findLoadedExports(kernel, order);
  return symbols ? { symbols } : { missing: 'no tables of exports can be told in the flat image' };
}

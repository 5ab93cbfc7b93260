import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { findBanner } from '../format/banner.ts';
import type { Banner } from '../format/banner.ts';
import { findBtf, parseBtfHeader } from '../format/btf.ts';
import { buildIdOf } from '../format/elf-build-id.ts';
import { sectionNamed } from '../format/elf.ts';
import type { ElfFile } from '../format/elf.ts';
import { findIkconfig } from '../format/ikconfig.ts';
import { findHeaderArchive } from './header-archive-search.ts';

/** A range of bytes in the kernel, or why there is none. */
export type Finding = { readonly offset: number; readonly size: number } | { readonly missing: string };

/** Where a kernel carries what it knows of itself. */
export interface KernelContents {
  readonly banner: Banner | undefined;
  /** The linker's name of this very build. */
  readonly buildId: Buffer | undefined;
  readonly btf: Finding;
  /** The gzip bytes between IKCFG_ST and IKCFG_ED. */
  readonly config: Finding;
  /** The xz bytes of the header archive. */
  readonly headers: Finding;
}

/** Finds banner, BTF, configuration and header archive in a kernel that has been unwrapped. */
export async function findContents(
  kernel: ByteSource,
  elf: ElfFile | undefined,
  scratch: Scratch,
  limits: Limits,
): Promise<KernelContents> {
  const data = readOnlyData(kernel, elf);
  const shifted = (finding: Finding): Finding =>
    'missing' in finding ? finding : { offset: finding.offset + data.offset, size: finding.size };
  const config = findIkconfig(data.bytes);
  return {
    banner: findBanner(data.bytes)?.banner ?? (data.offset > 0 ? findBanner(kernel)?.banner : undefined),
    buildId: elf && buildIdOf(kernel, elf),
    btf: findKernelBtf(kernel, elf),
    config: config ? shifted(config) : { missing: 'no IKCFG_ST marker (CONFIG_IKCONFIG is not built in)' },
    headers: await findHeaderArchive(kernel, elf, data, scratch, limits),
  };
}

/** A part of the kernel that is searched, and where in the kernel it begins. */
export interface SearchedPart {
  readonly bytes: ByteSource;
  readonly offset: number;
}

/**
 * Where constants live: section .rodata of an ELF file, else everything. Both embedded files and the banner
 * are there (kernel/configs.c, kernel/kheaders.c and init/version.c).
 */
function readOnlyData(kernel: ByteSource, elf: ElfFile | undefined): SearchedPart {
  const section = elf && sectionNamed(elf, '.rodata');
  if (!section || section.size === 0) return { bytes: kernel, offset: 0 };
  return { bytes: new WindowSource(kernel, section.offset, section.size), offset: section.offset };
}

function findKernelBtf(kernel: ByteSource, elf: ElfFile | undefined): Finding {
  const section = elf && sectionNamed(elf, '.BTF');
  if (section) {
    parseBtfHeader(new WindowSource(kernel, section.offset, section.size));
    return { offset: section.offset, size: section.size };
  }
  if (elf && elf.sections.length > 1) return { missing: 'no .BTF section (CONFIG_DEBUG_INFO_BTF is off)' };
  const found = findBtf(kernel);
  return found ?? { missing: 'no BTF found in the flat image (CONFIG_DEBUG_INFO_BTF is off)' };
}

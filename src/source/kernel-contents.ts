import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import { occurrencesOfAny } from '../bytes/scan.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { bannerStart, findBanner } from '../format/banner.ts';
import type { Banner } from '../format/banner.ts';
import { btfStarts, findBtf, parseBtfHeader } from '../format/btf.ts';
import { buildIdOf } from '../format/elf-build-id.ts';
import { sectionNamed } from '../format/elf.ts';
import type { ElfFile } from '../format/elf.ts';
import { configStart, findIkconfig } from '../format/ikconfig.ts';
import { headersStart, xzMagic } from '../format/ikheaders.ts';
import { findHeaderArchive } from './header-archive-search.ts';
import type { Unwrapped } from './image.ts';
import { kernelExportLines } from './kernel-export-lines.ts';
import type { ExportLines } from './kernel-export-lines.ts';

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
  /** What it exports to modules. */
  readonly exports: ExportLines;
}

/** Finds banner, BTF, configuration, header archive and exports in a kernel that has been unwrapped, in one pass over its bytes. */
export async function findContents(
  { kernel, elf, machine }: Pick<Unwrapped, 'kernel' | 'elf' | 'machine'>,
  scratch: Scratch,
  limits: Limits,
): Promise<KernelContents> {
  const data = readOnlyData(kernel, elf);
  const shifted = (finding: Finding): Finding =>
    'missing' in finding ? finding : { offset: finding.offset + data.offset, size: finding.size };
  const marks = findMarks(data.bytes);
  const config = findIkconfig(data.bytes, marks.config);
  const banner = findBanner(data.bytes, marks.banner) ?? (data.offset > 0 ? findBanner(kernel) : undefined);
  return {
    banner: banner?.banner,
    buildId: elf && buildIdOf(kernel, elf),
    btf: findKernelBtf(kernel, elf, data.bytes === kernel ? marks.btf : undefined),
    config: config ? shifted(config) : { missing: 'no IKCFG_ST marker (CONFIG_IKCONFIG is not built in)' },
    headers: await findHeaderArchive(kernel, elf, { ...data, marks }, scratch, limits),
    exports: kernelExportLines(kernel, elf, machine?.order ?? 'little'),
  };
}

/** Where the bytes stand that what is looked for begins with. Most are there by chance. */
export interface Marks {
  readonly banner: readonly number[];
  readonly btf: readonly number[];
  readonly config: readonly number[];
  readonly headers: readonly number[];
  readonly xz: readonly number[];
}

function findMarks(source: ByteSource): Marks {
  const marks = { banner: [], btf: [], config: [], headers: [], xz: [] } satisfies Record<
    keyof Marks,
    number[]
  >;
  const needles: readonly (readonly [Buffer, number[]])[] = [
    [bannerStart, marks.banner],
    [configStart, marks.config],
    [headersStart, marks.headers],
    [xzMagic, marks.xz],
    ...btfStarts.map((start) => [start, marks.btf] as const),
  ];
  const bytes = needles.map(([needle]) => needle);
  for (const { needle, offset } of occurrencesOfAny(source, bytes)) needles[needle]?.[1].push(offset);
  return marks;
}

/** A part of the kernel that is searched. */
export interface SearchedPart {
  readonly bytes: ByteSource;
  /** Where in the kernel it begins. */
  readonly offset: number;
  /** What was found in it already. */
  readonly marks?: Pick<Marks, 'headers' | 'xz'>;
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

/** @param marks where BTF may begin, if the whole kernel has been searched */
function findKernelBtf(
  kernel: ByteSource,
  elf: ElfFile | undefined,
  marks: readonly number[] | undefined,
): Finding {
  const section = elf && sectionNamed(elf, '.BTF');
  if (section) {
    parseBtfHeader(new WindowSource(kernel, section.offset, section.size));
    return { offset: section.offset, size: section.size };
  }
  if (elf && elf.sections.length > 1) return { missing: 'no .BTF section (CONFIG_DEBUG_INFO_BTF is off)' };
  const found = findBtf(kernel, marks);
  return found ?? { missing: 'no BTF found in the flat image (CONFIG_DEBUG_INFO_BTF is off)' };
}

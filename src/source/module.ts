import { MemorySink } from '../bytes/byte-sink.ts';
import { MemorySource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import { decode, detectCodec } from '../codec/table.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { isElf, parseElf, sectionNamed, sectionSource } from '../format/elf.ts';
import type { ElfFile } from '../format/elf.ts';
import type { ExportedSymbol } from '../format/elf-exports.ts';
import { findModuleExports } from '../format/elf-module-exports.ts';
import { parseModinfo } from '../format/modinfo.ts';
import type { Modinfo } from '../format/modinfo.ts';
import { headOf } from './image.ts';

/** A kernel module's ELF file, decompressed where it was compressed. */
export interface ModuleFile {
  readonly bytes: ByteSource;
  readonly elf: ElfFile;
  /** Whether `bytes` are the file itself, so that its ranges can be served from there. */
  readonly inPlace: boolean;
  /** The codec that it was compressed with. */
  readonly compression: string | undefined;
}

/**
 * Describes a module file: plain, or compressed as a whole (.ko.gz, .ko.xz, .ko.zst). An appended signature
 * lies behind the ELF file and is not touched.
 * @throws IkfsError naming the file: `unsupported` when it is no ELF file, `truncated`, `corrupt`, `limit`
 */
export async function readModule(file: ByteSource, limits: Limits): Promise<ModuleFile> {
  try {
    const { bytes, compression } = await plainModule(file, limits);
    return { bytes, elf: parseElf(bytes), inPlace: compression === undefined, compression };
  } catch (error) {
    throw asIkfsError(error, { path: file.name });
  }
}

/**
 * What a module exports. Of most modules, which export nothing, only the names of sections are looked at.
 * @throws IkfsError as readModule and findModuleExports
 */
export async function readModuleExports(file: ByteSource, limits: Limits): Promise<ExportedSymbol[]> {
  try {
    return findModuleExports((await plainModule(file, limits)).bytes);
  } catch (error) {
    throw asIkfsError(error, { path: file.name });
  }
}

/** The ELF file in a module file. */
async function plainModule(
  file: ByteSource,
  limits: Limits,
): Promise<Pick<ModuleFile, 'bytes' | 'compression'>> {
  const head = headOf(file);
  const codec = isElf(head) ? undefined : detectCodec(head);
  let bytes = file;
  if (codec) {
    const sink = new MemorySink(limits.moduleBytes);
    await decode(codec.name, file, sink);
    bytes = new MemorySource(file.name, sink.take());
  }
  if (!isElf(headOf(bytes))) throw new IkfsError('unsupported', 'is not a kernel module (no ELF file)');
  return { bytes, compression: codec?.name };
}

/** The bytes of the module's section of that name, or undefined when it has none. */
export function moduleSection(module: ModuleFile, name: string): ByteSource | undefined {
  const section = sectionNamed(module.elf, name);
  return section && sectionSource(module.bytes, section);
}

/** What the module says of itself in .modinfo; undefined when it has no such section. */
export function moduleInfo(module: ModuleFile): Modinfo | undefined {
  const section = moduleSection(module, '.modinfo');
  return section && parseModinfo(section.read(0, section.size));
}

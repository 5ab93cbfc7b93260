import type { ElfFile, ElfSection } from './elf.ts';
import { sectionNamed } from './elf.ts';

/** How a symbol was exported, in the words of Module.symvers (scripts/mod/modpost.c). */
export type ExportType =
  | 'EXPORT_SYMBOL'
  | 'EXPORT_SYMBOL_GPL'
  | 'EXPORT_UNUSED_SYMBOL'
  | 'EXPORT_UNUSED_SYMBOL_GPL'
  | 'EXPORT_SYMBOL_GPL_FUTURE';

/** A symbol that a kernel or a module exports. */
export interface ExportedSymbol {
  readonly name: string;
  /** What a module has to import to use it (EXPORT_SYMBOL_NS, since Linux 5.4); empty for none. */
  readonly namespace: string;
  /** Checksum of its type; 0 when there is none, as without CONFIG_MODVERSIONS. */
  readonly crc: number;
  readonly type: ExportType;
}

/**
 * What the sections of exports end with, and how symbols in them were exported (include/asm-generic/vmlinux.lds.h). The
 * last three went with Linux 5.12, the second will be empty where there is `flagsSection`.
 */
export const exportTables = [
  { suffix: '', type: 'EXPORT_SYMBOL' },
  { suffix: '_gpl', type: 'EXPORT_SYMBOL_GPL' },
  { suffix: '_unused', type: 'EXPORT_UNUSED_SYMBOL' },
  { suffix: '_unused_gpl', type: 'EXPORT_UNUSED_SYMBOL_GPL' },
  { suffix: '_gpl_future', type: 'EXPORT_SYMBOL_GPL_FUTURE' },
] as const satisfies readonly { readonly suffix: string; readonly type: ExportType }[];

/** Name of the section of names and namespaces. */
export const stringsSection = '__ksymtab_strings';

/**
 * Name of the section with a byte for each entry of __ksymtab, in place of a table for each kind (commit 9743311b4535,
 * "module: add kflagstab section to vmlinux and modules", of March 2026).
 */
export const flagsSection = '__kflagstab';

/** KSYM_FLAG_GPL_ONLY (include/linux/module_symbol.h). */
const gplOnly = 1;

/** How a symbol was exported by its byte in `flagsSection`. */
export function typeByFlags(flags: number): ExportType {
  return (flags & gplOnly) === 0 ? 'EXPORT_SYMBOL' : 'EXPORT_SYMBOL_GPL';
}

/** A section of exports that has entries. */
export interface ExportSection {
  readonly section: ElfSection;
  readonly suffix: string;
  readonly type: ExportType;
}

/** The sections of exports that have entries. */
export function exportSections(elf: ElfFile): ExportSection[] {
  return exportTables.flatMap(({ suffix, type }) => {
    const section = sectionNamed(elf, `__ksymtab${suffix}`);
    return section && section.size > 0 ? [{ section, suffix, type }] : [];
  });
}

/** Debian's largest kernel has 10,503, and a module 600. */
export const mostExports = 64 * 1024;

/** KSYM_NAME_LEN (include/linux/kallsyms.h) with its NUL; a namespace is shorter. */
export const longestName = 512;

/** What is no symbol and no namespace: those are words of a C or Rust program, or `module:` and a list of modules. */
const unprintable = /[^!-~]/;

/**
 * The name or namespace at an offset of a string table.
 * @returns undefined when no such text can be there
 */
export function exportText(strings: Buffer, offset: number): string | undefined {
  if (!(offset >= 0 && offset < strings.length)) return undefined;
  const length = strings.subarray(offset, offset + longestName).indexOf(0);
  if (length === -1) return undefined;
  const text = strings.toString('latin1', offset, offset + length);
  return unprintable.test(text) ? undefined : text;
}

/** Of fewer checksums than these all might by chance look like distances. */
const fewestDistances = 16;

/**
 * Checksums of which a table has only the distances from where these are (CONFIG_MODULE_REL_CRCS, Linux 4.10 to 5.18;
 * scripts/genksyms/genksyms.c of these).
 * @param places where each would lead to, as an offset in the data that checksums are in
 * @param size of these data
 * @param read what is at a place
 * @returns undefined when what is in the table are no distances: of checksums hardly one would lead there
 */
export function followDistances(
  places: readonly number[],
  size: number,
  read: (place: number) => number,
): number[] | undefined {
  const leads = (place: number): boolean => place >= 0 && place <= size - 4;
  if (places.length < fewestDistances || places.filter(leads).length <= places.length / 2) return undefined;
  return places.map((place) => (leads(place) ? read(place) : 0));
}

import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { occurrencesOfAny } from '../bytes/scan.ts';
import type { ElfFile, ElfSection } from './elf.ts';

/*
 * Images that unpack themselves carry the compressed kernel in the middle of their code, and only that code knows
 * where. In an ELF file a section narrows it down; then it is looked for by what compressed streams begin with.
 */

/**
 * Sections that hold a compressed kernel, and at the most its size beside: those of arch/powerpc/boot/wrapper
 * (ksection; the second for PlayStation 3), of the linker scripts below arch/s390/boot and
 * arch/parisc/boot/compressed, of those below arch/x86/boot/compressed and arch/sh/boot/compressed, and of
 * arch/arm/boot/compressed.
 */
const payloadSections = [
  '.kernel:vmlinux.strip',
  '.kernel:vmlinux.bin',
  '.rodata.compressed',
  '.rodata..compressed',
  '.piggydata',
] as const;

/** e_machine of MIPS. */
const mips = 8;

/**
 * The section of an ELF file that holds a compressed kernel. A MIPS vmlinuz has it at the end of .data
 * (arch/mips/boot/compressed/ld.script), which a kernel has too; that one also has .init.text.
 * @returns undefined when the file is no program that unpacks a kernel: a kernel itself, as a rule
 */
export function payloadSection(elf: ElfFile): ElfSection | undefined {
  const named = (wanted: string): ElfSection | undefined =>
    elf.sections.find(({ name, size }) => name === wanted && size > 0);
  for (const name of payloadSections) {
    const section = named(name);
    if (section) return section;
  }
  return elf.machine === mips && !named('.init.text') ? named('.data') : undefined;
}

/** How a compressed stream begins; an entry of the table in codec/table.ts is one. */
export interface StreamSignature<Name extends string = string> {
  readonly name: Name;
  /** The bytes at offset 0 of every stream. */
  readonly magic: Buffer;
  /** Whether bytes begin like a stream: the magic, and what else a header allows to check. */
  readonly matches: (head: Buffer) => boolean;
}

/** A place where a compressed stream may begin. */
export interface StreamCandidate<Name extends string = string> {
  readonly name: Name;
  /** In the source that was searched. The stream ends somewhere before the searched range does. */
  readonly offset: number;
}

/** As much as the surest headers need to be checked. */
const headSize = 64;

/**
 * Where compressed streams may begin in a range, in one pass. The most probable come first: those of the signatures
 * that come first, which have the surest headers; among those of one signature the earliest, which has most bytes
 * behind it, while chance hits are spread over the compressed kernel.
 *
 * The caller decodes one after the other until a kernel comes out.
 * @param limit how many candidates of one signature are kept
 * @throws IkfsError `limit` when a magic stands there 100,000 times
 */
export function streamCandidates<Name extends string>(
  source: ByteSource,
  range: ByteRange,
  signatures: readonly StreamSignature<Name>[],
  limit: number,
): StreamCandidate<Name>[] {
  const end = range.offset + range.size;
  const found = signatures.map((): StreamCandidate<Name>[] => []);
  const magics = signatures.map(({ magic }) => magic);
  for (const { needle, offset } of occurrencesOfAny(source, magics, range.offset, end)) {
    const signature = signatures[needle] as StreamSignature<Name>;
    const candidates = found[needle] as StreamCandidate<Name>[];
    if (candidates.length >= limit) continue;
    const head = source.read(offset, Math.min(headSize, end - offset));
    if (signature.matches(head)) candidates.push({ name: signature.name, offset });
  }
  return found.flat();
}

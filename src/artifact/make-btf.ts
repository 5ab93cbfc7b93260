import { WindowSource } from '../bytes/byte-source.ts';
import { FileSource } from '../bytes/file-source.ts';
import { join } from 'node:path';
import { asIkfsError } from '../errors.ts';
import { parseBtfHeader } from '../format/btf.ts';
import { isElf, parseElf, sectionNamed } from '../format/elf.ts';
import { headOf } from '../source/image.ts';
import { livePaths } from '../source/live.ts';
import type { KernelContext } from './kernel-context.ts';
import { firstOf } from './outcome.ts';
import type { Answer, Candidate, Outcome } from './outcome.ts';
import type { Workshop } from './workshop.ts';

/** `btf/vmlinux`: the kernel's own BTF, byte for byte. */
export function makeKernelBtf(kernel: KernelContext): Promise<Outcome> {
  const { sources, workshop } = kernel;
  const files = [...sources.given.btf, ...(sources.live ? [join(livePaths.btf, 'vmlinux')] : [])];
  const candidates: Candidate[] = [
    ...files.map((path) => ({ source: path, ask: () => btfInFile(path, workshop) })),
    ...kernel.images.map((image) => ({ source: image.path, ask: () => image.part('btf') })),
  ];
  return firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
}

/**
 * BTF in a file that holds nothing else, or in section .BTF of an ELF file; served from where it lies.
 * @throws IkfsError as parseBtfHeader and parseElf
 */
export function btfInFile(path: string, workshop: Workshop): Answer {
  const file = FileSource.open(path, { tally: workshop.reads });
  try {
    // Files of sysfs get new times when they are looked at; the kernel that runs does not change its BTF.
    const live = path.startsWith(`${livePaths.btf}/`);
    const identity = live ? undefined : file.identity;
    const provenance = { source: path, steps: [], derived: false, modified: live ? 0 : file.modified };
    if (!isElf(headOf(file))) {
      parseBtfHeader(file);
      return { content: { kind: 'file', path, offset: 0, size: file.size, identity }, provenance };
    }
    const elf = parseElf(file);
    const section = sectionNamed(elf, '.BTF');
    if (!section) return { missing: 'no .BTF section' };
    parseBtfHeader(new WindowSource(file, section.offset, section.size));
    return {
      content: { kind: 'file', path, offset: section.offset, size: section.size, identity },
      provenance: { ...provenance, steps: [{ name: `ELF ${elf.machineName}`, size: file.size }] },
    };
  } finally {
    file.close();
  }
}

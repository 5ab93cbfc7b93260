import { WindowSource } from '../bytes/byte-source.ts';
import { FileSource } from '../bytes/file-source.ts';
import { join } from 'node:path';
import { asIkfsError } from '../errors.ts';
import { parseBtfHeader } from '../format/btf.ts';
import { isElf, parseElf, sectionNamed } from '../format/elf.ts';
import { headOf } from '../source/image.ts';
import { livePaths } from '../source/live.ts';
import { btfFromDwarf } from './make-btf-from-dwarf.ts';
import type { ImageContents } from './image-contents.ts';
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
    ...kernel.images.map((image) => ({ source: image.path, ask: () => btfOfImage(image, workshop) })),
  ];
  return firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
}

/** BTF that an image carries; or of a vmlinux that has only DWARF, made from that. */
async function btfOfImage(image: ImageContents, workshop: Workshop): Promise<Answer> {
  const answer = await image.part('btf');
  const { place, steps } = await image.record();
  const isPlainElf = place === 0 && steps.length === 1 && steps[0]?.name.startsWith('ELF ') === true;
  if (!('missing' in answer) || !isPlainElf) return answer;
  const made = await btfInFile(image.path, workshop);
  return 'missing' in made && !made.missing.includes('DWARF') ? answer : made;
}

/**
 * BTF in a file that holds nothing else, or in section .BTF of an ELF file; served from where it lies. Of an ELF
 * file that has only DWARF it is made.
 * @throws IkfsError as parseBtfHeader and parseElf
 */
export async function btfInFile(path: string, workshop: Workshop): Promise<Answer> {
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
    if (!section) {
      if (!sectionNamed(elf, '.debug_info')) return { missing: 'no .BTF section' };
      const encoded = await btfFromDwarf(workshop, { elf: file, identity: file.identity, base: undefined });
      if ('missing' in encoded) return encoded;
      const steps = [{ name: encoded.step, size: file.size }];
      return { content: encoded.content, provenance: { ...provenance, steps, derived: true } };
    }
    parseBtfHeader(new WindowSource(file, section.offset, section.size));
    return {
      content: { kind: 'file', path, offset: section.offset, size: section.size, identity },
      provenance: { ...provenance, steps: [{ name: `ELF ${elf.machineName}`, size: file.size }] },
    };
  } finally {
    file.close();
  }
}

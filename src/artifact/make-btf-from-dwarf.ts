import { fstatSync } from 'node:fs';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import type { FileSink } from '../bytes/byte-sink.ts';
import type { ScratchFile } from '../bytes/scratch.ts';
import { encodeFromDwarf, findPahole } from '../btf/pahole.ts';
import { blobKey } from './blob-store.ts';
import { withContent } from './content-source.ts';
import type { Content } from './content.ts';
import type { ReadyOutcome } from './outcome.ts';
import type { Workshop } from './workshop.ts';

const dwarfVersion = 1;

/** BTF is some hundredth of the DWARF that it is made from. */
const largestMade = 256 * 1024 * 1024;

const noTypes = 'no .BTF section; its DWARF has no types';

/** Bytes copied at a time. */
const chunkSize = 1024 * 1024;

/** How it begins when nothing but a tool is missing. */
export const onlyDwarf = 'no .BTF section; has DWARF';

/** What BTF is made from. */
export interface DwarfSource {
  /** The ELF file; decompressed where it was compressed. */
  readonly elf: ByteSource;
  /** Of the file that it lies in. */
  readonly identity: FileIdentity;
  /** What the new BTF is to be split on: the kernel's, for a module. */
  readonly base: { readonly btf: ReadyOutcome; readonly identity: FileIdentity } | undefined;
}

/**
 * Makes BTF from DWARF with pahole(1), where it is installed, and keeps it. The input is only read.
 * @returns or in words why there is none
 * @throws IkfsError `corrupt` when pahole fails, and what the store throws
 */
export async function btfFromDwarf(
  workshop: Workshop,
  { elf, identity, base }: DwarfSource,
): Promise<{ readonly content: Content; readonly step: string } | { readonly missing: string }> {
  const pahole = await findPahole();
  if ('missing' in pahole) return { missing: `${onlyDwarf}: ${pahole.missing}` };
  const step = `DWARF, pahole ${pahole.version}`;
  const inputs = [identity, ...(base ? [base.identity] : [])];
  const key = blobKey(`btf from dwarf, pahole ${pahole.version}`, dwarfVersion, inputs);
  const { store, made } = workshop;
  const kept = store.find(key);
  if (kept) return kept.size > 0 ? { content: kept, step } : { missing: noTypes };
  const open: ScratchFile[] = [];
  const copied = (source: ByteSource): number => {
    const file = store.scratch();
    open.push(file);
    copy(source, file.sink(source.size));
    return file.descriptor;
  };
  try {
    const range = elf.fileRange();
    const isWholeFile = range?.offset === 0 && fstatSync(range.descriptor).size === range.length;
    const baseFile =
      base && (await withContent(base.btf.content, base.btf.provenance.source, (source) => copied(source)));
    const input = range && isWholeFile ? range.descriptor : copied(elf);
    const content = await store.make(key, largestMade, (sink) =>
      sink.filledBy(async () => {
        await encodeFromDwarf({ elf: input, base: baseFile, output: sink.descriptor });
        sink.advance(fstatSync(sink.descriptor).size);
      }),
    );
    made.artifacts += 1;
    return content.size > 0 ? { content, step } : { missing: noTypes };
  } finally {
    for (const file of open) file.close();
  }
}

function copy(source: ByteSource, sink: FileSink): void {
  for (let at = 0; at < source.size; at += chunkSize) {
    sink.write(source.read(at, Math.min(chunkSize, source.size - at)));
  }
}

import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import { FileSource } from '../bytes/file-source.ts';
import type { ModuleEntry } from '../source/module-folder.ts';
import type { Content } from './content.ts';
import type { KernelContext } from './kernel-context.ts';
import type { Provenance } from './outcome.ts';
import type { Workshop } from './workshop.ts';

/** A file that artifacts are made from, open: one of its own, or one in a ramdisk. */
export interface InputFile {
  readonly bytes: ByteSource;
  readonly identity: FileIdentity;
  /** With the layers around the file, to which those inside it are added. */
  readonly provenance: Provenance;
  /** A range of its bytes as content, where they lie. The caller has checked that it is inside. */
  contentOf(range: ByteRange): Content;
}

/** Lets `use` read a file, open for as long as it takes. @throws IkfsError as FileSource.open, and what `use` throws */
export async function withFile<T>(
  path: string,
  workshop: Workshop,
  use: (file: InputFile) => Promise<T>,
): Promise<T> {
  const file = FileSource.open(path, { tally: workshop.reads });
  const { identity, modified } = file;
  try {
    return await use({
      bytes: file,
      identity,
      provenance: { source: path, steps: [], derived: false, modified },
      contentOf: (range) => ({ kind: 'file', path, identity, ...range }),
    });
  } finally {
    file.close();
  }
}

/** The same with a module, wherever it lies. @throws IkfsError also as RamdiskContents.withModule */
export async function withModule<T>(
  entry: ModuleEntry,
  { workshop, ramdisks }: Pick<KernelContext, 'workshop' | 'ramdisks'>,
  use: (file: InputFile) => Promise<T>,
): Promise<T> {
  const { packed } = entry;
  const ramdisk = ramdisks.find(({ path }) => path === packed?.image);
  return packed && ramdisk
    ? await ramdisk.withModule({ ...entry, packed }, use)
    : await withFile(entry.path, workshop, use);
}

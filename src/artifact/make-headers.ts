import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { decode, detectCodec } from '../codec/table.ts';
import { asIkfsError } from '../errors.ts';
import type { ArchiveEntry } from '../format/archive-index.ts';
import { isElf, parseElf } from '../format/elf.ts';
import type { ElfFile } from '../format/elf.ts';
import { isHeaderArchiveStart } from '../format/ikheaders.ts';
import { parseUtsRelease } from '../format/utsrelease.ts';
import { findHeaderArchive } from '../source/header-archive-search.ts';
import { indexHeaderArchive } from '../source/header-archive.ts';
import { headOf } from '../source/image.ts';
import { livePaths } from '../source/live.ts';
import type { ModuleEntry } from '../source/module-folder.ts';
import { readModule } from '../source/module.ts';
import { blobKey } from './blob-store.ts';
import { contentIdentity } from './content-identity.ts';
import { withContent } from './content-source.ts';
import { companions } from './make-companions.ts';
import type { Content } from './content.ts';
import { headerTreeIndex } from './header-tree-index.ts';
import { HeaderTree } from './header-tree.ts';
import { hostPrograms } from './host-programs.ts';
import type { KernelContext } from './kernel-context.ts';
import { withFile, withModule } from './input-file.ts';
import type { InputFile } from './input-file.ts';
import { firstOf } from './outcome.ts';
import type { Answer, Candidate, Outcome, Provenance } from './outcome.ts';
import type { Workshop } from './workshop.ts';

const archiveVersion = 1;
const treeVersion = 5;

/** `kheaders.tar.xz`: the archive as the kernel would serve it. */
export function makeHeaderArchive(kernel: KernelContext): Promise<Outcome> {
  const { sources, workshop } = kernel;
  const entry = kernel.modules().modules.get('kheaders');
  const files = [...sources.given.headers, ...(sources.live ? livePaths.headers : [])];
  const candidates: Candidate[] = [
    ...files.map((path) => ({ source: path, ask: () => archiveInFile(path, workshop) })),
    ...(entry ? [{ source: entry.path, ask: () => archiveInModule(entry, kernel) }] : []),
    ...kernel.images.map((image) => ({ source: image.path, ask: () => image.part('headers') })),
  ];
  return firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
}

/** The archive in a file that is one, or in kheaders.ko or another ELF file, compressed or not. */
export function archiveInFile(path: string, workshop: Workshop): Promise<Answer> {
  return withFile(path, workshop, (file) => archiveIn(file, workshop));
}

/** The archive in kheaders.ko, wherever that lies. */
function archiveInModule(entry: ModuleEntry, kernel: KernelContext): Promise<Answer> {
  return withModule(entry, kernel, (file) => archiveIn(file, kernel.workshop));
}

async function archiveIn(file: InputFile, workshop: Workshop): Promise<Answer> {
  const { bytes, provenance } = file;
  const head = headOf(bytes);
  if (isElf(head)) {
    const elf = parseElf(bytes);
    const found = await archiveInElf(bytes, elf, workshop);
    if ('missing' in found) return found;
    const steps = [...provenance.steps, { name: `ELF ${elf.machineName}`, size: bytes.size }];
    return { content: file.contentOf(found), provenance: { ...provenance, steps } };
  }
  if (detectCodec(head)?.name === 'xz' && (await holdsArchive(bytes, workshop)))
    return { content: file.contentOf({ offset: 0, size: bytes.size }), provenance };
  return await archiveInCompressedModule(file, workshop);
}

/** Where the archive lies in an ELF file. */
function archiveInElf(
  bytes: ByteSource,
  elf: ElfFile,
  { store, limits }: Workshop,
): ReturnType<typeof findHeaderArchive> {
  return findHeaderArchive(bytes, elf, { bytes, offset: 0 }, store.scratch, limits);
}

async function holdsArchive(file: ByteSource, workshop: Workshop): Promise<boolean> {
  const decoded = workshop.store.scratch();
  try {
    const { produced } = await decode('xz', file, decoded.sink(workshop.limits.archiveBytes));
    return produced >= 512 && isHeaderArchiveStart(decoded.source(file.name, produced).read(0, 512));
  } finally {
    decoded.close();
  }
}

async function archiveInCompressedModule(file: InputFile, workshop: Workshop): Promise<Answer> {
  const { provenance } = file;
  const key = blobKey('header archive', archiveVersion, [file.identity]);
  const kept = workshop.store.find(key);
  if (kept) return { content: kept, provenance };
  const { bytes, elf, compression } = await readModule(file.bytes, workshop.limits);
  const found = await archiveInElf(bytes, elf, workshop);
  if ('missing' in found) return found;
  const steps = [
    ...provenance.steps,
    { name: compression ?? 'file', size: file.bytes.size },
    { name: `ELF ${elf.machineName}`, size: bytes.size },
  ];
  const content = await workshop.store.make(key, found.size, (sink) => {
    sink.write(bytes.read(found.offset, found.size));
  });
  return { content, provenance: { ...provenance, steps } };
}

/**
 * The tree that the archive unpacks to. The archive is decoded once, into one plain tar with an index; both
 * are kept. Of a tar that was kept before, only what is read is checked, when it is: a compiler reads little of it.
 * @throws IkfsError `corrupt`, `truncated`, `limit`, `unsupported` when the archive can not be used
 */
export async function makeHeaderTree(
  workshop: Workshop,
  archive: { readonly content: Content; readonly provenance: Provenance },
): Promise<HeaderTree> {
  const { store, limits, reads, made } = workshop;
  const { content, provenance } = archive;
  const inputs = [contentIdentity(content, provenance)];
  const tarKey = blobKey('header tar', treeVersion, inputs);
  const indexKey = blobKey('header index', treeVersion, inputs);
  let tar = store.find(tarKey, 'when-read');
  let index = store.read(indexKey);
  if (!tar || !index) {
    let entries: readonly ArchiveEntry[] = [];
    tar = await store.make(tarKey, limits.archiveBytes, async (sink) => {
      const indexed = await withContent(
        content,
        provenance.source,
        (source) => indexHeaderArchive(new WindowSource(source, 0, source.size), sink, limits),
        reads,
      );
      entries = indexed.entries;
    });
    const encoded = headerTreeIndex(entries, companions);
    await store.make(indexKey, encoded.length, (sink) => {
      sink.write(encoded);
    });
    index = encoded;
    made.artifacts += 1;
  }
  return new HeaderTree(index, tar, provenance);
}

/** Notes what a user of the headers should know: another release, links that lead nowhere, no kconfig.h. */
export async function inspectHeaders(kernel: KernelContext, tree: HeaderTree): Promise<void> {
  const { findings, release } = kernel;
  const source = tree.provenance.source;
  const utsrelease = await tree.readFile('include/generated/utsrelease.h');
  if (!utsrelease) findings.add(`headers of ${source} have no utsrelease.h, so their release is not known`);
  else {
    const theirs = parseUtsRelease(utsrelease.toString());
    if (theirs !== release) findings.add(`headers of ${source} are for ${theirs}, not for ${release}`);
  }
  const [example, ...others] = tree.omittedLinks();
  if (example !== undefined) {
    findings.add(
      `headers of ${source}: ${others.length + 1} links lead out of the archive and were left out (${example})`,
    );
  }
  const programs = await hostPrograms(tree);
  for (const machine of new Set(programs.filter(({ isForeign }) => isForeign).map((each) => each.machine))) {
    findings.add(`headers of ${source} carry host programs for ${machine}, which do not run on this machine`);
  }
}

import { join } from 'node:path';
import { FileSource } from '../bytes/file-source.ts';
import { asIkfsError } from '../errors.ts';
import { parseBtfHeader } from '../format/btf.ts';
import { releaseOf } from '../format/modinfo.ts';
import { livePaths } from '../source/live.ts';
import type { ModuleEntry } from '../source/module-folder.ts';
import { moduleInfo, moduleSection, readModule } from '../source/module.ts';
import { blobKey } from './blob-store.ts';
import type { Content } from './content.ts';
import type { KernelContext } from './kernel-context.ts';
import { btfInFile } from './make-btf.ts';
import { firstOf } from './outcome.ts';
import type { Answer, Candidate, Outcome } from './outcome.ts';

const btfVersion = 1;

/** Why a module has no artifact, for modules.tsv. */
export const noSection = 'no .BTF section';

/**
 * `btf/<module>`: the module's split BTF, byte for byte. Of the running kernel's loaded modules the kernel's
 * own file is served, of others the section of the .ko, where it lies if the .ko is not compressed.
 */
export function makeModuleBtf(kernel: KernelContext, name: string): Promise<Outcome> {
  const entry = kernel.modules().modules.get(name);
  const live = join(livePaths.btf, name);
  const candidates: Candidate[] = [
    ...(kernel.sources.live ? [{ source: live, ask: () => btfInFile(live, kernel.workshop) }] : []),
    ...(entry ? [{ source: entry.path, ask: () => btfOfModule(kernel, entry) }] : []),
  ];
  return firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
}

async function btfOfModule(kernel: KernelContext, entry: ModuleEntry): Promise<Answer> {
  const { store, limits, reads, made } = kernel.workshop;
  const file = FileSource.open(entry.path, { tally: reads });
  try {
    const provenance = { source: entry.path, steps: [], derived: false, modified: file.modified };
    const key = blobKey('module btf', btfVersion, [file.identity]);
    const kept = store.find(key);
    if (kept) return kept.size === 0 ? { missing: noSection } : { content: kept, provenance };
    const module = await readModule(file, limits);
    checkIdentity(kernel, entry, moduleInfo(module));
    const section = moduleSection(module, '.BTF');
    if (section) parseBtfHeader(section);
    const steps = [
      ...(module.compression === undefined ? [] : [{ name: module.compression, size: file.size }]),
      { name: `ELF ${module.elf.machineName}`, size: module.bytes.size },
    ];
    if (!module.inPlace) {
      // An empty blob remembers that there is none, so that the module is not decompressed again to see it.
      const content = await store.make(key, section?.size ?? 0, (sink) => {
        if (section) sink.write(section.read(0, section.size));
      });
      made.artifacts += 1;
      return section ? { content, provenance: { ...provenance, steps } } : { missing: noSection };
    }
    const range = section?.fileRange();
    if (!range) return { missing: noSection };
    const content: Content = {
      kind: 'file',
      path: entry.path,
      offset: range.offset,
      size: range.length,
      identity: file.identity,
    };
    return { content, provenance: { ...provenance, steps } };
  } finally {
    file.close();
  }
}

/** A module that calls itself otherwise, or was built for another kernel, is served but not in silence. */
function checkIdentity(
  kernel: KernelContext,
  entry: ModuleEntry,
  info: { readonly name?: string | undefined; readonly vermagic?: string | undefined } | undefined,
): void {
  if (info?.name !== undefined && info.name !== entry.name) {
    kernel.findings.add(`${entry.path} calls itself ${info.name}; it is listed as ${entry.name}`);
  }
  const release = info?.vermagic === undefined ? undefined : releaseOf(info.vermagic);
  if (release !== undefined && release !== kernel.release) {
    kernel.findings.add(`${entry.path} was built for ${release}, not for ${kernel.release}`);
  }
}

/** The verdict on a module's BTF, as modules.tsv gives it. */
export type Verdict = 'ok' | 'no-section' | 'unreadable';

/** What became of asking for a module's BTF, in one word and a reason. */
export function verdictOf(outcome: Outcome): {
  readonly verdict: Verdict;
  readonly size: number;
  readonly reason: string;
} {
  switch (outcome.state) {
    case 'ready':
      return { verdict: 'ok', size: outcome.content.size, reason: '' };
    case 'absent':
      return { verdict: 'no-section', size: 0, reason: outcome.attempts.at(-1)?.reason ?? noSection };
    case 'failed':
      return { verdict: 'unreadable', size: 0, reason: outcome.error.message };
  }
}

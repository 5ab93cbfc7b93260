import { join } from 'node:path';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import { Btf } from '../btf/engine.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { elfMachineName } from '../format/elf-machine.ts';
import { sectionNamed } from '../format/elf.ts';
import { parseBtfHeader } from '../format/btf.ts';
import { releaseOf } from '../format/modinfo.ts';
import { livePaths } from '../source/live.ts';
import type { ModuleEntry } from '../source/module-folder.ts';
import { moduleInfo, moduleSection, readModule } from '../source/module.ts';
import type { ModuleFile } from '../source/module.ts';
import type { KernelTypes } from './kernel-types.ts';
import { blobKey } from './blob-store.ts';
import { btfFromDwarf, onlyDwarf } from './make-btf-from-dwarf.ts';
import type { Content } from './content.ts';
import type { KernelContext } from './kernel-context.ts';
import { withModule } from './input-file.ts';
import type { InputFile } from './input-file.ts';
import { btfInFile } from './make-btf.ts';
import { firstOf } from './outcome.ts';
import type { Answer, Candidate, Outcome, Provenance } from './outcome.ts';

const btfVersion = 1;

/** Why a module has no BTF, for modules.tsv. */
export const noSection = 'no .BTF section';

/** The layer that BTF was put through which came with a distilled base. */
export const relocatedStep = 'relocated from .BTF.base';

/**
 * `btf/<module>`: the module's split BTF, byte for byte. Of the running kernel's loaded modules the kernel's
 * own file is served, of others the section of the .ko, where it lies if the .ko is not compressed.
 */
export function makeModuleBtf(kernel: KernelContext, types: KernelTypes, name: string): Promise<Outcome> {
  const entry = kernel.modules().modules.get(name);
  const live = join(livePaths.btf, name);
  const candidates: Candidate[] = [
    ...(kernel.sources.live ? [{ source: live, ask: () => btfInFile(live, kernel.workshop) }] : []),
    ...(entry ? [{ source: entry.path, ask: () => btfOfModule(kernel, types, entry) }] : []),
  ];
  return firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
}

async function btfOfModule(kernel: KernelContext, types: KernelTypes, entry: ModuleEntry): Promise<Answer> {
  const known = kernel.surveyed(entry.path);
  if (known?.sections.btf && !known.sections.btfBase) {
    checkIdentity(kernel, entry, known);
    const { identity, modified } = known;
    const steps = [{ name: `ELF ${elfMachineName(known.machine)}`, size: identity.size }];
    const content: Content = { kind: 'file', path: entry.path, ...known.sections.btf, identity };
    return { content, provenance: { source: entry.path, steps, derived: false, modified } };
  }
  return await withModule(entry, kernel, (file) => btfOfFile(kernel, types, entry, file));
}

async function btfOfFile(
  kernel: KernelContext,
  types: KernelTypes,
  entry: ModuleEntry,
  file: InputFile,
): Promise<Answer> {
  const { store, limits, made } = kernel.workshop;
  const { identity } = file;
  const key = blobKey('module btf', btfVersion, [identity]);
  const kept = store.find(key);
  if (kept) return kept.size === 0 ? { missing: noSection } : { content: kept, provenance: file.provenance };
  const module = await readModule(file.bytes, limits);
  checkIdentity(kernel, entry, moduleInfo(module));
  const section = moduleSection(module, '.BTF');
  if (section) parseBtfHeader(section);
  const steps = [
    ...file.provenance.steps,
    ...(module.compression === undefined ? [] : [{ name: module.compression, size: file.bytes.size }]),
    { name: `ELF ${module.elf.machineName}`, size: module.bytes.size },
  ];
  const provenance = { ...file.provenance, steps };
  const distilled = moduleSection(module, '.BTF.base');
  if (section && distilled) {
    const content = await relocated(kernel, types, identity, section, distilled);
    return {
      content,
      provenance: { ...provenance, steps: [...steps, { name: relocatedStep, size: section.size }] },
    };
  }
  const place = sectionNamed(module.elf, '.BTF');
  if (!section || !place) {
    if (sectionNamed(module.elf, '.debug_info')) {
      return await fromDwarf(kernel, types, module, identity, provenance);
    }
    // An empty blob remembers that there is none, so that the module is not decompressed again to see it.
    if (!module.inPlace) await store.make(key, 0, () => undefined);
    return { missing: noSection };
  }
  if (module.inPlace)
    return { content: file.contentOf({ offset: place.offset, size: section.size }), provenance };
  const content = await store.make(key, section.size, (sink) => {
    sink.write(section.read(0, section.size));
  });
  made.artifacts += 1;
  return { content, provenance };
}

/**
 * BTF that comes with the part of its base that it needs, put onto this kernel's.
 * @throws IkfsError `mismatch` when it does not go with that
 */
async function relocated(
  { workshop }: KernelContext,
  types: KernelTypes,
  module: FileIdentity,
  section: ByteSource,
  distilled: ByteSource,
): Promise<Content> {
  const kernel = await types.get();
  if (!kernel) {
    throw new IkfsError('mismatch', 'needs the BTF of the kernel itself, which was not found', {
      path: section.name,
    });
  }
  const key = blobKey('relocated btf', btfVersion, [module, kernel.identity]);
  const kept = workshop.store.find(key);
  if (kept) return kept;
  const split = await Btf.open(section, await Btf.open(distilled));
  const bytes = await split.relocate(kernel.types);
  workshop.made.artifacts += 1;
  return await workshop.store.make(key, bytes.length, (sink) => {
    sink.write(bytes);
  });
}

/** BTF of a module that has only DWARF, split on the kernel's. */
async function fromDwarf(
  { workshop }: KernelContext,
  types: KernelTypes,
  module: ModuleFile,
  identity: FileIdentity,
  provenance: Provenance,
): Promise<Answer> {
  const base = await types.get();
  if (!base) return { missing: `${onlyDwarf}, but no BTF of the kernel itself was found to split on` };
  const encoded = await btfFromDwarf(workshop, { elf: module.bytes, identity, base });
  if ('missing' in encoded) return encoded;
  const steps = [...provenance.steps, { name: encoded.step, size: module.bytes.size }];
  return { content: encoded.content, provenance: { ...provenance, steps, derived: true } };
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

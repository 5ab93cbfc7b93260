import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { identityOf, sameIdentity } from '../bytes/file-identity.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import { IkfsError, asIkfsError, describeError } from '../errors.ts';
import type { ExportedSymbol } from '../format/elf-exports.ts';
import { modulePathIn } from '../format/module-name.ts';
import { symversLines } from '../format/symvers.ts';
import { readModuleExports } from '../source/module.ts';
import type { ModuleEntry } from '../source/module-folder.ts';
import { blobKey } from './blob-store.ts';
import { contentIdentity } from './content-identity.ts';
import { contentBytes } from './content-source.ts';
import { memoryContent } from './content.ts';
import { withModule } from './input-file.ts';
import type { KernelContext } from './kernel-context.ts';
import { firstOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';

const symversVersion = 1;

/** Modules that are looked at side by side, and after which others get a turn, as for modules.tsv. */
const modulesInOneGo = 16;

/** Files whose identity is asked for before others get a turn. */
const identitiesInOneGo = 256;

/** Lines of a kernel with all of its modules take 1.5 MB. */
const symversCap = 256 * 1024 * 1024;

/** A module as Module.symvers calls it. */
interface NamedModule {
  readonly entry: ModuleEntry;
  /** Its path in the tree that it was built in, without .ko: `drivers/net/mii`. */
  readonly path: string;
  readonly identity: FileIdentity;
}

/**
 * `Module.symvers`: what the kernel exports and then what its modules do, with the checksums that modules are loaded by.
 * It is kept in the store, unless a module could not be read: what is wrong with it is told again by the next process.
 */
export async function makeModuleSymvers(kernel: KernelContext): Promise<Outcome> {
  const ofKernel = await exportsOfImages(kernel);
  if (ofKernel.state !== 'ready') return ofKernel;
  const { content, provenance, attempts } = ofKernel;
  try {
    const modules = await namedModules(kernel);
    const { store, made } = kernel.workshop;
    const key = blobKey('Module.symvers', symversVersion, [
      contentIdentity(content, provenance),
      // Of a module that has been moved other lines are made, though the file is the same.
      ...modules.map(({ path, identity }) => ({ ...identity, inode: `${path} ${identity.inode}` })),
    ]);
    const kept = store.find(key);
    if (kept) return { ...ofKernel, content: kept };
    const first = await contentBytes(content, provenance.source);
    const { lines, isWhole } = await linesOf(kernel, modules);
    const whole = Buffer.concat([first, Buffer.from(lines)]);
    if (!isWhole) return { state: 'ready', content: memoryContent(whole), provenance, attempts };
    const written = await store.make(key, symversCap, (sink) => {
      sink.write(whole);
    });
    made.artifacts += 1;
    return { ...ofKernel, content: written };
  } catch (thrown) {
    const error = asIkfsError(thrown, { path: provenance.source, step: 'Module.symvers' });
    return { state: 'failed', error, attempts };
  }
}

/** What the first image of a kernel that tells it says of its exports. */
async function exportsOfImages({ images }: KernelContext): Promise<Outcome> {
  if (images.length === 0) {
    return {
      state: 'absent',
      attempts: [{ source: 'boot', reason: 'no image of this kernel, which has the checksums' }],
    };
  }
  const candidates = images.map((image) => ({ source: image.path, ask: () => image.exports() }));
  return await firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
}

async function namedModules(kernel: KernelContext): Promise<NamedModule[]> {
  const { moduleFolders } = kernel.sources;
  const named: NamedModule[] = [];
  for (const entry of kernel.modules().modules.values()) {
    const folder = moduleFolders.find((each) => entry.path.startsWith(`${each}/`));
    const inside = folder === undefined ? pathInArchive(entry) : entry.path.slice(folder.length + 1);
    if (named.length % identitiesInOneGo === 0) await setImmediate();
    named.push({ entry, path: modulePathIn(inside), identity: await identityOfModule(kernel, entry) });
  }
  return named;
}

/** The path of a module of a ramdisk in its folder of modules, as far as the ramdisk has such a folder. */
function pathInArchive({ path, packed }: ModuleEntry): string {
  const inside = packed ? path.slice(packed.image.length + 1) : path;
  return inside.replace(/^(?:.*\/)?lib\/modules\/(?:\d+\.\d+[^/]*\/)?/, '');
}

async function identityOfModule(kernel: KernelContext, entry: ModuleEntry): Promise<FileIdentity> {
  if (entry.packed) return await withModule(entry, kernel, ({ identity }) => Promise.resolve(identity));
  const stats = statSync(entry.path, { bigint: true, throwIfNoEntry: false });
  return stats ? identityOf(stats) : { inode: 'missing', size: 0, modified: '' };
}

/** The lines of all modules. Of one that can not be read there are none, and a finding. */
async function linesOf(
  kernel: KernelContext,
  modules: readonly NamedModule[],
): Promise<{ readonly lines: string; readonly isWhole: boolean }> {
  const lines: string[] = [];
  let isWhole = true;
  const linesOfModule = async (module: NamedModule): Promise<string> => {
    const { entry, path } = module;
    try {
      return symversLines(path, await exportsOf(kernel, module));
    } catch (thrown) {
      const reason = describeError(asIkfsError(thrown, { path: entry.path }));
      kernel.findings.add(`Module.symvers has nothing of ${entry.name}: ${reason}`);
      isWhole = false;
      return '';
    }
  };
  for (let start = 0; start < modules.length; start += modulesInOneGo) {
    lines.push(...(await Promise.all(modules.slice(start, start + modulesInOneGo).map(linesOfModule))));
    await setImmediate();
  }
  return { lines: lines.join(''), isWhole };
}

/** @throws IkfsError as readModuleExports, and `changed` for a module that is not the one that the key is of */
async function exportsOf(
  kernel: KernelContext,
  { entry, identity }: NamedModule,
): Promise<readonly ExportedSymbol[]> {
  return await withModule(entry, kernel, (file) => {
    if (!sameIdentity(file.identity, identity)) {
      throw new IkfsError('changed', 'was replaced while it was looked at', { path: entry.path });
    }
    return readModuleExports(file.bytes, kernel.workshop.limits);
  });
}

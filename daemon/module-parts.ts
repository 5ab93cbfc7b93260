import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { memoryContent } from '../src/artifact/content.ts';
import type { Content } from '../src/artifact/content.ts';
import { archiveInFile } from '../src/artifact/make-headers.ts';
import { noSection } from '../src/artifact/make-module-btf.ts';
import type { Workshop } from '../src/artifact/workshop.ts';
import { FileSource } from '../src/bytes/file-source.ts';
import type { Limits } from '../src/bytes/limits.ts';
import { IkfsError, asIkfsError } from '../src/errors.ts';
import { parseBtfHeader } from '../src/format/btf.ts';
import { elfType } from '../src/format/elf.ts';
import { findIkconfig } from '../src/format/ikconfig.ts';
import { releaseOf } from '../src/format/modinfo.ts';
import { moduleNameOf } from '../src/format/module-name.ts';
import { moduleInfo, moduleSection, readModule } from '../src/source/module.ts';
import type { Part } from './image-parts.ts';

/** A module given instead of a kernel image: kheaders.ko, configs.ko, or any other for its BTF. */
export interface GivenModule {
  readonly release: string;
  /** Last modification of the file, in milliseconds since the epoch. */
  readonly modified: number;
  /**
   * The files that a part stands for, or why the module has none.
   * @throws IkfsError when it is there but broken
   */
  part(part: Part): Promise<readonly ModuleFile[] | { readonly missing: string }>;
}

/** A file made from a module. */
export interface ModuleFile {
  /** Its name in the kernel's directory. */
  readonly name: string;
  readonly content: Content;
}

/** Whether a file is a module and not a kernel image; one that can not be read for what it is counts as none. */
export async function isModule(path: string, limits: Limits): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false })?.isBlockDevice()) return false;
  const file = FileSource.open(path);
  try {
    return (await readModule(file, limits)).elf.type === elfType.relocatable;
  } catch {
    // Then it is read as an image, which tells what is wrong with it.
    return false;
  } finally {
    file.close();
  }
}

/**
 * The module in a file, which stays open as long as the process lives.
 * @throws IkfsError `corrupt` for one that does not tell its kernel, and as readModule
 */
export async function openModule(path: string, workshop: Workshop): Promise<GivenModule> {
  const file = FileSource.open(path, { tally: workshop.reads });
  const module = await readModule(file, workshop.limits);
  const { name = moduleNameOf(basename(path)), vermagic } = moduleInfo(module) ?? {};
  const release = vermagic === undefined ? undefined : releaseOf(vermagic);
  if (release === undefined) throw new IkfsError('corrupt', 'has no vermagic in .modinfo', { path });
  for (const text of [name, release]) {
    if (/^(\.\.?|.*[/\s\0].*|)$/s.test(text)) {
      throw new IkfsError(
        'corrupt',
        `.modinfo has the name ${JSON.stringify(text)}, which no file can have`,
        { path },
      );
    }
  }
  return { release, modified: file.modified, part: (part) => ask(part).catch(fail) };

  function fail(thrown: unknown): never {
    throw asIkfsError(thrown, { path });
  }

  async function ask(part: Part): Promise<readonly ModuleFile[] | { readonly missing: string }> {
    switch (part) {
      case 'headers': {
        const answer = await archiveInFile(path, workshop);
        return 'missing' in answer ? answer : [{ name: 'kheaders.tar.xz', content: answer.content }];
      }
      case 'config': {
        const range = findIkconfig(module.bytes);
        if (!range) return { missing: 'no IKCFG_ST marker' };
        const bytes = Buffer.from(module.bytes.read(range.offset, range.size));
        const text = gunzipSync(bytes, { maxOutputLength: workshop.limits.configBytes });
        return [
          { name: 'config', content: memoryContent(text) },
          { name: 'config.gz', content: memoryContent(bytes) },
        ];
      }
      case 'btf': {
        const section = moduleSection(module, '.BTF');
        if (!section) return { missing: noSection };
        parseBtfHeader(section);
        const bytes = Buffer.from(section.read(0, section.size));
        return [{ name: `btf/${name}`, content: memoryContent(bytes) }];
      }
    }
  }
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asIkfsError } from '../errors.ts';
import { isModuleFile, moduleNameOf } from '../format/module-name.ts';

/** A module as its folder, or the archive that it lies in, shows it; the file has not been opened. */
export interface ModuleEntry {
  /** Taken from the file's name: without .ko and compression suffix, `-` as `_`. */
  readonly name: string;
  /** Of the file; of one in a ramdisk the image, a colon and the path in the ramdisk. */
  readonly path: string;
  /** Where it lies when it is no file of its own. */
  readonly packed?: PackedPlace;
}

/** Where a module of a ramdisk lies. */
export interface PackedPlace {
  /** Path of the file or block device that has the ramdisk. */
  readonly image: string;
  /** Which of the modules that ramdisk.ts finds in it. */
  readonly index: number;
}

/** The path of the file that a module's bytes come from. */
export function fileOf({ path, packed }: ModuleEntry): string {
  return packed?.image ?? path;
}

/** A file that has the name of a module that comes before it. */
export interface ShadowedModule extends ModuleEntry {
  readonly by: string;
}

/** Folders deeper than any kernel's; a guard against a file system that has no end. */
const maximumDepth = 16;

/** Folders that depmod(8) searches before the others (depmod.d(5), `search`: updates, then the rest). */
const preferred = 'updates';

/**
 * Lists the modules below folders by reading directories only. Symbolic links are not followed: `build` and
 * `source` lead to other trees. Where two files have one name, the first folder wins, and in a folder what
 * lies in updates/.
 * @param packed modules of ramdisks, which come after all that lie in folders
 * @throws IkfsError `denied` or `io` when a directory can not be read
 */
export function listModules(
  folders: readonly string[],
  packed: readonly ModuleEntry[] = [],
): {
  readonly modules: ReadonlyMap<string, ModuleEntry>;
  readonly shadowed: readonly ShadowedModule[];
} {
  const found: ModuleEntry[] = [];
  for (const folder of folders) walk(folder, 0, found);
  found.push(...packed);
  const modules = new Map<string, ModuleEntry>();
  const shadowed: ShadowedModule[] = [];
  for (const entry of found) {
    const first = modules.get(entry.name);
    if (first) shadowed.push({ ...entry, by: first.path });
    else modules.set(entry.name, entry);
  }
  return { modules: new Map([...modules].sort(([a], [b]) => (a < b ? -1 : 1))), shadowed };
}

function walk(folder: string, depth: number, found: ModuleEntry[]): void {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw asIkfsError(error, { path: folder, step: 'listing modules' });
  }
  const subfolders: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) subfolders.push(entry.name);
    else if (entry.isFile() && isModuleFile(entry.name)) {
      found.push({ name: moduleNameOf(entry.name), path: join(folder, entry.name) });
    }
  }
  if (depth === maximumDepth) return;
  subfolders.sort((a, b) => Number(b === preferred) - Number(a === preferred) || (a < b ? -1 : 1));
  for (const subfolder of subfolders) walk(join(folder, subfolder), depth + 1, found);
}

/** Whether a folder is one that a kernel's modules lie in, seen from its direct entries. */
export function looksLikeModuleFolder(folder: string): boolean {
  try {
    return readdirSync(folder).some(
      (name) => name.startsWith('modules.') || name === 'kernel' || isModuleFile(name),
    );
  } catch {
    // Not a directory, or not ours to read: then it is no source of modules either.
    return false;
  }
}

/** The folders of modules that lie directly in a folder, each named by its kernel's release; sorted. */
export function moduleFoldersIn(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw asIkfsError(error, { path: folder, step: 'listing modules' });
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter(looksLikeModuleFolder)
    .sort();
}

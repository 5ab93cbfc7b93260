import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { asIkfsError } from '../errors.ts';
import { isModuleFile, moduleNameOf } from '../format/module-name.ts';
import { ModuleMap } from './module-list.ts';
import type { FoundModule } from './module-list.ts';

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

/** Modules of a kernel by name, as its folders and ramdisks list them. */
export interface ModuleList {
  readonly modules: ModuleMap;
  readonly shadowed: readonly ShadowedModule[];
}

/** Whether two lists have the same modules at the same places. */
export function sameModules(a: ModuleList, b: ModuleList): boolean {
  return a.modules.equals(b.modules) && isDeepStrictEqual(a.shadowed, b.shadowed);
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
export function listModules(folders: readonly string[], packed: readonly ModuleEntry[] = []): ModuleList {
  const walked: Walked = { folders: [], modules: new Map(), shadowed: [] };
  for (const folder of folders) walk(folder, 0, walked);
  const unseen: ModuleEntry[] = [];
  const names = new Map<string, string>();
  for (const entry of packed) {
    const by = pathIn(walked, entry.name) ?? names.get(entry.name);
    if (by !== undefined) walked.shadowed.push({ ...entry, by });
    else {
      names.set(entry.name, entry.path);
      unseen.push(entry);
    }
  }
  return { modules: new ModuleMap(walked.folders, walked.modules, unseen), shadowed: walked.shadowed };
}

/** What a walk through folders has found so far. */
interface Walked {
  readonly folders: string[];
  readonly modules: Map<string, FoundModule>;
  readonly shadowed: ShadowedModule[];
}

/** The path of the module of that name among those found. */
function pathIn({ folders, modules }: Walked, name: string): string | undefined {
  const found = modules.get(name);
  return found && join(folders[found.folder] ?? '', found.file);
}

function walk(folder: string, depth: number, walked: Walked): void {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw asIkfsError(error, { path: folder, step: 'listing modules' });
  }
  const subfolders: string[] = [];
  const number = walked.folders.push(folder) - 1;
  for (const entry of entries) {
    if (entry.isDirectory()) subfolders.push(entry.name);
    else if (entry.isFile() && isModuleFile(entry.name)) {
      const name = moduleNameOf(entry.name);
      const by = pathIn(walked, name);
      if (by === undefined) walked.modules.set(name, { folder: number, file: entry.name });
      else walked.shadowed.push({ name, path: join(folder, entry.name), by });
    }
  }
  if (depth === maximumDepth) return;
  subfolders.sort((a, b) => Number(b === preferred) - Number(a === preferred) || (a < b ? -1 : 1));
  for (const subfolder of subfolders) walk(join(folder, subfolder), depth + 1, walked);
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

import { join } from 'node:path';
import { isModuleFile } from '../format/module-name.ts';
import { bootPartitions, runningSlot } from './boot-partitions.ts';
import type { BootPartitions } from './boot-partitions.ts';
import { looksLikeModuleFolder } from './module-folder.ts';
import type { SystemRoot } from './system-root.ts';

/** Files and folders of one system that may belong to a kernel. Paths are real ones, of this system. */
export interface Discovered {
  /** Files in which a kernel may be; only their content tells. */
  readonly images: readonly string[];
  /** Folders of modules by the release that their name gives. */
  readonly moduleFolders: readonly { readonly release: string; readonly path: string }[];
  /** Folders of modules whose name tells no release (Android's), with one module to ask. */
  readonly flatModuleFolders: readonly { readonly path: string; readonly sample: string }[];
  /** Configuration files by the release in their name. */
  readonly configs: readonly { readonly release: string; readonly path: string }[];
  readonly partitions: BootPartitions;
}

/**
 * Where module folders lie, in order. The first two are the usual ones (often the same, by a link); the
 * others are Android's partitions (source.android.com, "Kernel modules").
 */
export const moduleRoots = [
  '/lib/modules',
  '/usr/lib/modules',
  '/system_dlkm/lib/modules',
  '/system/lib/modules',
  '/vendor_dlkm/lib/modules',
  '/vendor/lib/modules',
  '/odm_dlkm/lib/modules',
  '/odm/lib/modules',
] as const;

/** Where kernel images lie beside modules, below the folder of a release, in order of preference. */
const imagesBesideModules = ['vmlinuz', 'vmlinux', 'build/vmlinux', 'kernel/vmlinux'] as const;

/** The directory whose every file may be a kernel. */
export const bootFolder = '/boot';

/** Everything of a system that is looked at without being asked to; device nodes that partitions' names lead to lie there too. */
export const wellKnownPlaces = [bootFolder, ...moduleRoots, '/dev/block'] as const;

/** A kernel release begins with version and patch level (Makefile, KERNELVERSION). */
const releasePattern = /^\d+\.\d+/;

/** Text files of /boot; they are no images, so nothing is read of them. */
const notImages = /^(config|System\.map|initrd|initramfs|\.)/;

/** Looks at a system's well-known places; reads directories only. */
export function discover(root: SystemRoot): Discovered {
  const images = new Set<string>();
  const configs: { release: string; path: string }[] = [];
  for (const entry of root.list(bootFolder)) {
    const path = root.resolve(join(bootFolder, entry.name));
    if (path === undefined || entry.isDirectory()) continue;
    if (entry.name.startsWith('config-')) configs.push({ release: entry.name.slice('config-'.length), path });
    else if (!notImages.test(entry.name)) images.add(path);
  }
  const moduleFolders: { release: string; path: string }[] = [];
  const flatModuleFolders: { path: string; sample: string }[] = [];
  const seen = new Set<string>();
  for (const place of moduleRoots) {
    const rootPath = root.resolve(place);
    if (rootPath === undefined || seen.has(rootPath)) continue;
    seen.add(rootPath);
    const entries = root.list(place);
    const sample = entries.find((entry) => entry.isFile() && isModuleFile(entry.name));
    if (sample) flatModuleFolders.push({ path: rootPath, sample: join(rootPath, sample.name) });
    for (const { name } of entries) {
      if (!releasePattern.test(name)) continue;
      const path = root.resolve(join(place, name));
      if (path === undefined || seen.has(path) || !looksLikeModuleFolder(path)) continue;
      seen.add(path);
      moduleFolders.push({ release: name, path });
      for (const image of imagesBesideModules) {
        const imagePath = root.resolve(join(place, name, image));
        if (imagePath !== undefined) images.add(imagePath);
      }
      const config = root.resolve(join(place, name, 'config'));
      if (config !== undefined) configs.push({ release: name, path: config });
    }
  }
  const partitions = bootPartitions(root, root.running ? runningSlot() : undefined);
  return { images: [...images].sort(byName), moduleFolders, flatModuleFolders, configs, partitions };
}

function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { Catalogue } from '../src/artifact/catalogue.ts';
import { asIkfsError, describeError } from '../src/errors.ts';
import { bootFolder, moduleRoots } from '../src/source/discover.ts';
import { SystemRoot } from '../src/source/system-root.ts';
import { log } from './log.ts';
import type { Sources } from './sources.ts';

/** How long nothing must have changed before that is told, and how long it is put off at the most, in milliseconds. */
const usualPatience = { quiet: 2000, longest: 30_000 };

/**
 * The directories in which kernels and modules turn up: those of images, of module folders, and the module folders themselves,
 * in which depmod(8) replaces its lists whenever modules have come or gone. What is deeper is not watched: there are
 * hundreds of such directories, and what changes there without depmod is found by SIGHUP.
 */
export function foldersToWatch({ sysroot, ownMount, ...given }: Sources, catalogue: Catalogue): Set<string> {
  const folders = new Set<string>();
  if (sysroot !== undefined) {
    const root = new SystemRoot(sysroot, undefined, ownMount);
    for (const place of [bootFolder, ...moduleRoots]) {
      const path = root.resolve(place);
      if (path !== undefined) folders.add(path);
    }
  }
  for (const { sources } of catalogue.kernels.values()) {
    for (const folder of sources.moduleFolders) folders.add(folder);
  }
  const files = [...given.images, ...given.modules, ...given.headers, ...given.btf, ...given.configs];
  for (const file of files) folders.add(dirname(file));
  return folders;
}

/** Tells when something has changed in directories, once for changes that follow one another. */
export class SourceWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onChange: () => void;
  readonly #patience: typeof usualPatience;
  #timer: NodeJS.Timeout | undefined;
  /** When what has not been told yet began. */
  #since: number | undefined;
  #complained = false;

  constructor(onChange: () => void, patience = usualPatience) {
    this.#onChange = onChange;
    this.#patience = patience;
  }

  /** Watches these directories from now on, and no others; those that are not there are passed over. */
  follow(folders: ReadonlySet<string>): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.follow(new Set());
  }

  #watch(folder: string): void {
    try {
      if (!statSync(folder).isDirectory()) return;
      const watcher = watch(folder, { persistent: false }, () => {
        this.#changed();
      });
      watcher.on('error', (error) => {
        this.#complain(folder, error);
      });
      this.#watchers.set(folder, watcher);
    } catch (error) {
      const { code } = asIkfsError(error);
      if (code !== 'not-found') this.#complain(folder, error);
    }
  }

  #changed(): void {
    const now = performance.now();
    this.#since ??= now;
    const left = this.#since + this.#patience.longest - now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#since = undefined;
        this.#onChange();
      },
      Math.max(0, Math.min(this.#patience.quiet, left)),
    ).unref();
  }

  /** A system has only so many watches to give; then SIGHUP remains. */
  #complain(folder: string, error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    const why = describeError(asIkfsError(error, { path: folder }));
    log('warning', `${why}; not all changes of kernels and modules will be seen: SIGHUP looks again`);
  }
}

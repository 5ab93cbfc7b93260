import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { IkfsError, asIkfsError } from '../src/errors.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW } = constants;

/** A directory that is open, and when it is to have been modified last, if that is known. */
interface OpenDirectory {
  readonly name: string;
  readonly descriptor: number;
  /** Milliseconds since the epoch. */
  modified: number | undefined;
}

/**
 * Writes files below a directory and nowhere else. Every directory on the way is opened through its parent's
 * descriptor and never through a symbolic link, so that nothing that lies there, or appears there meanwhile, leads
 * out. Files are made anew: one that is there already is an error, unless overwriting is asked for.
 */
export class OutputDirectory {
  readonly path: string;
  readonly #overwrite: boolean;
  /** The directory itself, and those on the way to what was written last. */
  readonly #open: [OpenDirectory, ...OpenDirectory[]];

  /**
   * @param path made if it is missing; may itself be a symbolic link
   * @param overwrite replace files that are there
   * @throws IkfsError `denied`, `wrong-kind`, `io`
   */
  constructor(path: string, overwrite: boolean) {
    this.path = path;
    this.#overwrite = overwrite;
    try {
      mkdirSync(path, { recursive: true });
      const descriptor = openSync(path, O_RDONLY | O_DIRECTORY);
      this.#open = [{ name: '', descriptor, modified: undefined }];
    } catch (error) {
      throw asIkfsError(error, { path, step: '--output' });
    }
  }

  /**
   * Makes a directory, and those above it.
   * @param path relative, names separated by `/`
   * @param modified milliseconds since the epoch; it keeps that if what is to be in it comes next
   * @throws IkfsError `usage` when something else is there, `corrupt` for names that lead elsewhere, `denied`, `io`
   */
  directory(path: string, modified: number): void {
    this.#attempt(path, () => {
      const directory = this.#enter(namesOf(path));
      if (directory !== this.#open[0]) directory.modified = modified;
    });
  }

  /**
   * Writes a file.
   * @param mode permission bits, whatever the umask
   * @throws IkfsError as directory, `no-space`, and what `chunks` throws; then there is no such file
   */
  file(path: string, mode: number, modified: number, chunks: Iterable<Uint8Array>): void {
    this.#attempt(path, () => {
      const place = this.#placeOf(path);
      const descriptor = this.#make(place, () =>
        openSync(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
      );
      try {
        for (const chunk of chunks) {
          for (let done = 0; done < chunk.length;) done += writeSync(descriptor, chunk, done);
        }
        fchmodSync(descriptor, mode);
        futimesSync(descriptor, modified / 1000, modified / 1000);
      } catch (error) {
        unlinkSync(place);
        throw error;
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** Makes a symbolic link. @throws IkfsError as directory, also for a target outside of this directory */
  link(path: string, target: string, modified: number): void {
    this.#attempt(path, () => {
      if (!staysInside(path, target)) {
        throw new IkfsError('corrupt', `is a link that leads out of the tree (${target})`);
      }
      const place = this.#placeOf(path);
      this.#make(place, () => symlinkSync(target, place));
      lutimesSync(place, modified / 1000, modified / 1000);
    });
  }

  /** Sets what remains to be set, and closes the directories. */
  close(): void {
    while (this.#open.length > 1) this.#leave();
    closeSync(this.#open[0].descriptor);
  }

  /** Does something that names the path when it fails. */
  #attempt(path: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      throw asIkfsError(error, { path: join(this.path, path) });
    }
  }

  /** Makes a name, in place of what has it when that is allowed. */
  #make<T>(place: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!this.#overwrite) {
        throw new IkfsError('usage', 'is there already', { advice: '--force overwrites it', cause: error });
      }
      unlinkSync(place);
      return make();
    }
  }

  /** A path to the last name that leads through no other directory than the one that is open. */
  #placeOf(path: string): string {
    const names = namesOf(path);
    const last = names.pop();
    if (last === undefined) throw new IkfsError('usage', 'is the directory itself');
    return below(this.#enter(names), last);
  }

  /** Opens the directory of these names, making it where it is missing. */
  #enter(names: readonly string[]): OpenDirectory {
    let common = 0;
    while (common < names.length && this.#open[common + 1]?.name === names[common]) common += 1;
    while (this.#open.length > common + 1) this.#leave();
    for (const name of names.slice(common)) {
      const place = below(this.#last(), name);
      try {
        mkdirSync(place, { mode: 0o755 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      this.#open.push({ name, descriptor: openDirectory(place, name), modified: undefined });
    }
    return this.#last();
  }

  #last(): OpenDirectory {
    return this.#open.at(-1) ?? this.#open[0];
  }

  #leave(): void {
    const directory = this.#open.pop();
    if (!directory) return;
    const { descriptor, modified } = directory;
    if (modified !== undefined) futimesSync(descriptor, modified / 1000, modified / 1000);
    closeSync(descriptor);
  }
}

/** What openat(2) would be given: a name in a directory that is open, whatever its path leads to by now. */
function below(directory: OpenDirectory, name: string): string {
  return `/proc/self/fd/${directory.descriptor}/${name}`;
}

function openDirectory(place: string, name: string): number {
  try {
    return openSync(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
    throw new IkfsError('usage', `${name} is there already and is no directory`, { cause: error });
  }
}

/** The names of a relative path. @throws IkfsError `corrupt` for one that leads elsewhere */
function namesOf(path: string): string[] {
  const names = path === '' ? [] : path.split('/');
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || name.includes('\0')) {
      throw new IkfsError('corrupt', `has the name ${JSON.stringify(name)} in it, which leads elsewhere`);
    }
  }
  return names;
}

/** Whether a link's target, taken from where the link is, remains below the directory. */
function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/')) return false;
  let depth = path.split('/').length - 1;
  for (const name of target.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { FileSource } from '../bytes/file-source.ts';
import type { ReadTally } from '../bytes/descriptor-source.ts';
import { IkfsError, asIkfsError } from '../errors.ts';

/** As many links as the kernel follows in one path (path_resolution(7)). */
const maximumLinks = 40;

/**
 * A system's root directory: `/`, or a directory that holds another system. Absolute symbolic links found
 * below it are taken relative to it, as if one had changed root there, and none leads out of it.
 */
export class SystemRoot {
  readonly path: string;
  /** Whether this is the root of the running system, so that /proc and /sys speak of its kernel. */
  readonly running: boolean;
  readonly #tally: ReadTally | undefined;
  readonly #hidden: string | undefined;

  /** @param hidden a directory of this system that is taken not to be there, nor anything below it */
  constructor(path: string, tally?: ReadTally, hidden?: string) {
    this.#hidden = hidden;
    this.path = path;
    this.running = path === '/';
    this.#tally = tally;
  }

  /**
   * Where a path of that system lies on this one; undefined when it does not exist.
   * @param onHidden called when that is because it leads to what is hidden
   * @throws IkfsError `corrupt` for a loop of links, `denied`, `io`
   */
  resolve(inside: string, onHidden?: () => void): string | undefined {
    const pending = inside
      .split('/')
      .filter((part) => part !== '')
      .reverse();
    const resolved: string[] = [];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '.') continue;
      if (part === '..') {
        resolved.pop();
        continue;
      }
      const here = join(this.path, ...resolved, part);
      if (here === this.#hidden) {
        onHidden?.();
        return undefined;
      }
      const found = this.#look(here);
      if (found === undefined) return undefined;
      if (found === 'present') {
        resolved.push(part);
        continue;
      }
      const { target } = found;
      links += 1;
      if (links > maximumLinks) throw new IkfsError('corrupt', 'too many symbolic links', { path: here });
      if (target.startsWith('/')) resolved.length = 0;
      pending.push(
        ...target
          .split('/')
          .filter((each) => each !== '')
          .reverse(),
      );
    }
    return join(this.path, ...resolved);
  }

  /** The entries of a directory of that system, sorted by name; empty when there is none. */
  list(inside: string): Dirent[] {
    const path = this.resolve(inside);
    if (path === undefined) return [];
    try {
      return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      const failure = asIkfsError(error, { path });
      if (failure.code === 'wrong-kind' || failure.code === 'not-found') return [];
      throw failure;
    }
  }

  /** Opens a file of that system. @throws IkfsError as FileSource.open */
  open(inside: string): FileSource {
    const path = this.resolve(inside);
    if (path === undefined)
      throw new IkfsError('not-found', 'does not exist', { path: join(this.path, inside) });
    return FileSource.open(path, { tally: this.#tally });
  }

  /** What is at a path: a link's target, `present` for anything else, undefined when there is nothing. */
  #look(path: string): { readonly target: string } | 'present' | undefined {
    try {
      return lstatSync(path).isSymbolicLink() ? { target: readlinkSync(path) } : 'present';
    } catch (error) {
      const failure = asIkfsError(error, { path });
      if (failure.code === 'not-found' || failure.code === 'wrong-kind') return undefined;
      throw failure;
    }
  }
}

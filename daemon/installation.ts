import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { IkfsError, asIkfsError } from '../src/errors.ts';
import type { ServiceFile } from './service-files.ts';

/** Where it is noted what was installed. */
const recordPath = '/usr/local/lib/ikfs/service.json';

/** What was installed, as paths of the system. */
interface Record_ {
  /** SHA-256 of each file as it was written. */
  files: Record<string, string>;
  /** Folders that were made, the outer ones first. */
  folders: string[];
}

/** The files of the service in a root directory. What was put there is noted there, and only that is removed. */
export class Installation {
  readonly #root: string;
  readonly #dryRun: boolean;
  readonly #say: (line: string) => void;
  readonly #record: Record_;

  /** @param say told of each file in a line */
  constructor(root: string, dryRun: boolean, say: (line: string) => void) {
    this.#root = root;
    this.#dryRun = dryRun;
    this.#say = say;
    this.#record = this.#readRecord();
  }

  /** Whether anything is installed. */
  get isThere(): boolean {
    return Object.keys(this.#record.files).length > 0;
  }

  /**
   * Writes a file. Of those that are for the administrator to change, one that has been changed stays.
   * @throws IkfsError `io`, `denied`, and `wrong-kind` for a place that leads out of the root
   */
  write(file: ServiceFile, text: string): void {
    const path = this.#inRoot(file.to);
    const written = this.#record.files[file.to];
    if (file.isConfiguration && existsSync(path) && sum(readFileSync(path)) !== written) {
      this.#say(`kept   ${path}`);
      return;
    }
    this.#put(path, text, file.mode);
    this.#record.files[file.to] = sum(text);
  }

  /** Notes what was written. */
  finish(): void {
    const path = this.#inRoot(recordPath);
    // Its own folder is noted in it.
    this.#makeFolder(dirname(path));
    this.#put(path, `${JSON.stringify(this.#record, undefined, 2)}\n`, 0o644);
  }

  /** Removes what was written and has not been changed since, and folders that were made for it and are empty. */
  remove(): void {
    for (const [name, written] of Object.entries(this.#record.files)) {
      const path = this.#inRoot(name);
      if (!existsSync(path)) continue;
      if (sum(readFileSync(path)) === written) this.#drop(path);
      else this.#say(`kept   ${path}, which was changed`);
    }
    this.#drop(this.#inRoot(recordPath));
    for (const name of this.#record.folders.toReversed()) {
      const path = this.#inRoot(name);
      if (this.#dryRun || !existsSync(path) || readdirSync(path).length > 0) continue;
      rmdirSync(path);
    }
  }

  #put(path: string, text: string, mode: number): void {
    this.#say(`${this.#dryRun ? 'would write' : 'wrote'}  ${path}`);
    if (this.#dryRun) return;
    try {
      this.#makeFolder(dirname(path));
      // A link would be written through, maybe to a file of somebody else.
      rmSync(path, { force: true });
      writeFileSync(path, text, { mode, flag: 'wx' });
    } catch (error) {
      throw asIkfsError(error, { path });
    }
  }

  #drop(path: string): void {
    this.#say(`${this.#dryRun ? 'would remove' : 'removed'} ${path}`);
    if (!this.#dryRun) rmSync(path, { force: true });
  }

  #makeFolder(path: string): void {
    if (this.#dryRun || existsSync(path)) return;
    this.#makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o755 });
    this.#record.folders.push(`/${relative(this.#root, path)}`);
  }

  /**
   * A path of the system as one of this machine: links that are in the root are links of that system, where `/` is
   * the root (/sbin -> usr/sbin).
   */
  #inRoot(name: string): string {
    let path = this.#root;
    for (const part of name.split('/').filter((each) => each !== '')) {
      path = join(path, part);
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(path)) {
        const target = realpathSync(path);
        const root = realpathSync(this.#root);
        if (root !== '/' && !`${target}${sep}`.startsWith(`${root}${sep}`)) {
          throw new IkfsError('wrong-kind', 'is a link that leads out of the root', { path });
        }
      }
    }
    return path;
  }

  #readRecord(): Record_ {
    const path = this.#inRoot(recordPath);
    if (!existsSync(path)) return { files: {}, folders: [] };
    return JSON.parse(readFileSync(path, 'utf8')) as Record_;
  }
}

function sum(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

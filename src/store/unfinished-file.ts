import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { asIkfsError } from '../errors.ts';
import type { IkfsError } from '../errors.ts';

/** What a full file system takes at times, small pieces in its last blocks, does not show that it has room. */
const probeSize = 64 * 1024;

/** A file of the store that is being written. It has a name that only its maker knows, or none. */
export class UnfinishedFile {
  readonly path: string;
  readonly descriptor: number;
  #isNamed = true;

  /** @param folder of the maker's lease @throws system errors */
  constructor(folder: string) {
    this.path = join(folder, randomBytes(12).toString('hex'));
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    this.descriptor = openSync(this.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  }

  /** Waits until its bytes are on the disk. @throws system errors */
  async sync(): Promise<void> {
    await promisify(fsync)(this.descriptor);
  }

  /** Gives it a place, in a folder that is made if it has to be. @throws system errors */
  moveTo(path: string): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    renameSync(this.path, path);
    this.#isNamed = false;
  }

  /** Takes its name away, so that it is gone when its descriptor is closed. @throws system errors */
  unlink(): void {
    unlinkSync(this.path);
    this.#isNamed = false;
  }

  /** Why the file system takes no more bytes, undefined when it does. The file is good for nothing afterwards. */
  refusal(): IkfsError | undefined {
    try {
      const { size } = fstatSync(this.descriptor);
      const probe = Buffer.alloc(probeSize);
      for (let done = 0; done < probe.length;) {
        done += writeSync(this.descriptor, probe, done, probe.length - done, size + done);
      }
      return undefined;
    } catch (error) {
      return asIkfsError(error, { path: this.path });
    }
  }

  /** Closes it, and removes it where it has not been given a place. */
  close(): void {
    closeSync(this.descriptor);
    try {
      if (this.#isNamed) unlinkSync(this.path);
    } catch {
      // On a file system that has become read-only it stays until somebody sweeps up behind this process.
    }
  }
}

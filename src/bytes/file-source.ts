import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { IkfsError, asIkfsError } from '../errors.ts';
import { DescriptorSource } from './descriptor-source.ts';
import type { ReadTally } from './descriptor-source.ts';
import { identityOf } from './file-identity.ts';
import type { FileIdentity } from './file-identity.ts';

/** A file, open until it is closed. */
export class FileSource extends DescriptorSource {
  readonly path: string;
  readonly identity: FileIdentity;
  /** Last modification in milliseconds since the epoch. */
  readonly modified: number;
  #open = true;

  private constructor(path: string, name: string, descriptor: number, tally: ReadTally | undefined) {
    const stats = fstatSync(descriptor, { bigint: true });
    super(name, descriptor, Number(stats.size), tally);
    this.path = path;
    this.identity = identityOf(stats);
    this.modified = Number(stats.mtimeMs);
  }

  /**
   * Opens a regular file for reading.
   * @param name what messages call it; the path unless given
   * @throws IkfsError `not-found`, `denied`, `wrong-kind` when it is not a regular file, `io`
   */
  static open(
    path: string,
    options: { readonly tally?: ReadTally | undefined; readonly name?: string } = {},
  ): FileSource {
    const name = options.name ?? path;
    let descriptor: number;
    try {
      // Without O_NONBLOCK, opening a FIFO that lies where an image is expected would wait for ever.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw asIkfsError(error, { path: name });
    }
    if (!fstatSync(descriptor).isFile()) {
      closeSync(descriptor);
      throw new IkfsError('wrong-kind', 'is not a regular file', { path: name });
    }
    if (options.tally) options.tally.files += 1;
    return new FileSource(path, name, descriptor, options.tally);
  }

  close(): void {
    if (this.#open) closeSync(this.descriptor);
    this.#open = false;
  }
}

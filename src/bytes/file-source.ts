import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { IkfsError, asIkfsError } from '../errors.ts';
import { deviceLength } from './block-device.ts';
import type { KnownDevice } from './block-device.ts';
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

  private constructor(
    { path, name, descriptor, stats }: Opened,
    identity: FileIdentity,
    tally: ReadTally | undefined,
  ) {
    super(name, descriptor, identity.size, tally);
    this.path = path;
    this.identity = identity;
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
    const opened = openAs(path, name, (stats) => (stats.isFile() ? undefined : 'is not a regular file'));
    if (options.tally) options.tally.files += 1;
    return new FileSource(opened, identityOf(opened.stats), options.tally);
  }

  /**
   * Opens a block device for reading. Its identity follows from what it is known to hold; its age is that of its node.
   * @param options with what is known of it the source is no longer than that; else it is the whole device, whose
   *   identity tells nothing
   * @throws IkfsError as open, `wrong-kind` when it is not a block device
   */
  static openDevice(
    path: string,
    options: { readonly tally?: ReadTally | undefined; readonly known?: KnownDevice } = {},
  ): FileSource {
    const opened = openAs(path, path, (stats) =>
      stats.isBlockDevice() ? undefined : 'is not a block device',
    );
    const { known, tally } = options;
    try {
      const size = known?.size ?? deviceLength(opened.descriptor, path);
      if (tally) tally.files += 1;
      return new FileSource(opened, { inode: known?.digest ?? 'device', size, modified: 'device' }, tally);
    } catch (error) {
      closeSync(opened.descriptor);
      throw error;
    }
  }

  close(): void {
    if (this.#open) closeSync(this.descriptor);
    this.#open = false;
  }
}

/** A file that has been opened, and what fstat(2) says of it. */
interface Opened {
  readonly path: string;
  readonly name: string;
  readonly descriptor: number;
  readonly stats: BigIntStats;
}

/** @param complaint what is wrong with a file of that kind, or undefined when it is the one expected */
function openAs(path: string, name: string, complaint: (stats: BigIntStats) => string | undefined): Opened {
  let descriptor: number;
  try {
    // Without O_NONBLOCK, opening a FIFO that lies where an image is expected would wait for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw asIkfsError(error, { path: name });
  }
  const stats = fstatSync(descriptor, { bigint: true });
  const wrong = complaint(stats);
  if (wrong === undefined) return { path, name, descriptor, stats };
  closeSync(descriptor);
  throw new IkfsError('wrong-kind', wrong, { path: name });
}

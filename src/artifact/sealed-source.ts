import { SummedSource } from '../bytes/chunk-sums.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { FileSource } from '../bytes/file-source.ts';
import { asIkfsError } from '../errors.ts';
import type { ReadTally } from '../bytes/descriptor-source.ts';
import type { Content, Seal } from './content.ts';

const advice = 'It has been dropped from the store and is made again when it is next asked for';

/** The bytes of a blob, checked as they are read. What is found to be damaged is reported to the store. */
export class SealedSource extends SummedSource {
  readonly #seal: Seal;

  /** @param file the blob's file from its beginning */
  constructor(name: string, file: Pick<ByteSource, 'read' | 'countRead'>, seal: Seal) {
    super(name, file, seal.size, seal.sums);
    this.#seal = seal;
  }

  /** @throws IkfsError also `changed` when the bytes are not those that were kept */
  override read(offset: number, length: number): Buffer {
    try {
      return super.read(offset, length);
    } catch (thrown) {
      const error = asIkfsError(thrown, { path: this.name });
      if (error.code !== 'changed') throw error;
      this.#seal.reportDamage();
      throw error.within({ advice });
    }
  }
}

/** The file of a blob. @throws IkfsError `not-found` when it has gone, which is reported as well, `denied`, `io` */
export function openBlob(
  { path, seal }: Extract<Content, { kind: 'blob' }>,
  name: string,
  tally?: ReadTally,
): FileSource {
  try {
    return FileSource.open(path, { tally, name });
  } catch (thrown) {
    const error = asIkfsError(thrown, { path: name });
    if (error.code === 'not-found') seal.reportDamage();
    throw error.within({ advice });
  }
}

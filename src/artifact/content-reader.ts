import { MemorySource } from '../bytes/byte-source.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import { sameIdentity } from '../bytes/file-identity.ts';
import { FileSource } from '../bytes/file-source.ts';
import { IkfsError } from '../errors.ts';
import type { Content } from './content.ts';
import { SealedSource, openBlob } from './sealed-source.ts';

/** Descriptors kept open between reads; a compiler alternates between few files. */
const keptOpen = 64;

type InFile = Extract<Content, { kind: 'file' | 'blob' }>;

/** Reads content wherever it lies, keeping the files used last open. */
export class ContentReader {
  /** Open files by path, least recently used first. */
  readonly #open = new Map<string, FileSource>();

  /**
   * At most `length` bytes from `offset`; fewer at the end, none behind it.
   * @throws IkfsError `changed` when the file is no longer the one described, `io`
   */
  read(content: Content, offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, content.size - offset));
    if (wanted === 0) return Buffer.alloc(0);
    const start = offset + (content.kind === 'memory' ? 0 : content.offset);
    switch (content.kind) {
      case 'memory':
        return new MemorySource('content', content.bytes).read(start, wanted);
      case 'descriptor':
        return new DescriptorSource('content', content.descriptor, content.offset + content.size).read(
          start,
          wanted,
        );
      case 'file':
        return this.#fileOf(content).read(start, wanted);
      case 'blob':
        return this.#readBlob(content, start, wanted);
    }
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  #readBlob(content: Extract<Content, { kind: 'blob' }>, start: number, length: number): Buffer {
    try {
      return new SealedSource(content.path, this.#fileOf(content), content.seal).read(start, length);
    } catch (error) {
      // There may be another file of that name by the next time.
      this.#forget(content.path);
      throw error;
    }
  }

  #fileOf(content: InFile): FileSource {
    const { path } = content;
    const known = this.#open.get(path);
    if (known) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    const file = content.kind === 'blob' ? openBlob(content, path) : openUnchanged(content);
    this.#open.set(path, file);
    const [oldest] = this.#open.keys();
    if (this.#open.size > keptOpen && oldest !== undefined) this.#forget(oldest);
    return file;
  }

  #forget(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }
}

/** @throws IkfsError `changed` when the file is no longer the one described, and as FileSource.open */
function openUnchanged({ path, identity }: Extract<Content, { kind: 'file' }>): FileSource {
  const file = FileSource.open(path);
  if (!identity || sameIdentity(identity, file.identity)) return file;
  file.close();
  throw new IkfsError('changed', 'was replaced after it had been described', { path });
}

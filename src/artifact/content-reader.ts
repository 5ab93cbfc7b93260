import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { identityOf, sameIdentity } from '../bytes/file-identity.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { Content } from './content.ts';

/** Descriptors kept open between reads; a compiler alternates between few files. */
const keptOpen = 64;

/** Reads content wherever it lies, keeping the files used last open. */
export class ContentReader {
  /** Open descriptors by path, least recently used first. */
  readonly #open = new Map<string, number>();

  /**
   * At most `length` bytes from `offset`; fewer at the end, none behind it.
   * @throws IkfsError `changed` when the file is no longer the one described, `io`
   */
  read(content: Content, offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, content.size - offset));
    if (content.kind === 'memory') return content.bytes.subarray(offset, offset + wanted);
    const descriptor = content.kind === 'descriptor' ? content.descriptor : this.#descriptorOf(content);
    const bytes = Buffer.allocUnsafe(wanted);
    for (let done = 0; done < wanted;) {
      const count = readSync(descriptor, bytes, done, wanted - done, content.offset + offset + done);
      if (count === 0) {
        throw new IkfsError('changed', 'became shorter after it had been described', {
          path: content.kind === 'file' ? content.path : undefined,
          offset: content.offset + offset + done,
        });
      }
      done += count;
    }
    return bytes;
  }

  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }

  #descriptorOf(content: Extract<Content, { kind: 'file' }>): number {
    const { path, identity } = content;
    const known = this.#open.get(path);
    if (known !== undefined) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r');
    } catch (error) {
      throw asIkfsError(error, { path });
    }
    if (identity && !sameIdentity(identity, identityOf(fstatSync(descriptor, { bigint: true })))) {
      closeSync(descriptor);
      throw new IkfsError('changed', 'was replaced after it had been described', { path });
    }
    this.#open.set(path, descriptor);
    if (this.#open.size > keptOpen) {
      const [oldest, oldDescriptor] = this.#open.entries().next().value as [string, number];
      this.#open.delete(oldest);
      closeSync(oldDescriptor);
    }
    return descriptor;
  }
}

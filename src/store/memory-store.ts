import { closeSync } from 'node:fs';
import type { BlobKey, BlobStore, FillBlob } from '../artifact/blob-store.ts';
import type { Content } from '../artifact/content.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import { FileSink } from '../bytes/byte-sink.ts';
import type { MemoryRoom } from '../bytes/memory-room.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { IkfsError } from '../errors.ts';
import { native, nativeMissing } from '../native.ts';
import { scratchFile } from './scratch-file.ts';

/** Blobs in anonymous memory files (memfd_create(2)), for a system with nothing to write to. */
export class MemoryStore implements BlobStore {
  readonly description = 'memory';
  readonly problem = undefined;
  readonly scratch: Scratch;
  readonly #blobs = new Map<BlobKey, Extract<Content, { kind: 'descriptor' }>>();
  readonly #create: (name: string) => number;

  readonly #room: MemoryRoom | undefined;

  /**
   * @param room what it may take; as much as there is without it
   * @throws IkfsError `unavailable` without the addon, which alone can make such files
   */
  constructor(room?: MemoryRoom) {
    this.#room = room;
    const addon = native;
    if (!addon) {
      throw new IkfsError(
        'unavailable',
        `no memory files without the addon (${nativeMissing ?? 'unknown reason'})`,
        {
          steps: ['store'],
          advice: 'Give a directory that can be written to with --cache-dir',
        },
      );
    }
    this.#create = (name) => addon.memoryFile(name);
    this.scratch = () => scratchFile(this.#create('ikfs-scratch'), room);
  }

  find(key: BlobKey): Content | undefined {
    return this.#blobs.get(key);
  }

  read(key: BlobKey): Buffer | undefined {
    const blob = this.#blobs.get(key);
    return blob && new DescriptorSource('ikfs-blob', blob.descriptor, blob.size).read(0, blob.size);
  }

  async make(key: BlobKey, cap: number, fill: FillBlob): Promise<Content> {
    const descriptor = this.#create('ikfs-blob');
    const sink = new FileSink(descriptor, cap, this.#room);
    try {
      await fill(sink);
    } catch (error) {
      closeSync(descriptor);
      this.#room?.give(sink.written);
      throw error;
    }
    const content = { kind: 'descriptor', key, descriptor, offset: 0, size: sink.written } as const;
    this.#blobs.set(key, content);
    return content;
  }

  close(): void {
    for (const { descriptor, size } of this.#blobs.values()) {
      closeSync(descriptor);
      this.#room?.give(size);
    }
    this.#blobs.clear();
  }
}

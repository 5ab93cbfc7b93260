import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { FileSink } from './byte-sink.ts';
import { DescriptorSource } from './descriptor-source.ts';
import { IkfsError } from '../errors.ts';
import { FreeRoom } from './free-room.ts';
import type { Room } from './free-room.ts';
import type { Scratch, ScratchFile } from './scratch.ts';

/** Bytes that were put aside. */
export interface Shelved {
  /** @throws IkfsError `corrupt` when the disk has not kept them, `io` */
  read(): Buffer;
}

/** Less than this stays in memory, in bytes: it is not worth a system call. */
const worthwhile = 1024;

/**
 * Takes bytes that nobody looks at for now out of this process's memory: compressed, fast rather than as small as can be,
 * into a nameless file of the store. Where that takes none, or there is none, they are kept in memory, compressed. The
 * room of what nobody has any more is used again.
 */
export class Shelf {
  readonly #scratch: Scratch | undefined;
  /** Undefined until something is put aside. */
  #file: ScratchFile | undefined;
  readonly #free = new FreeRoom();
  readonly #dropped = new FinalizationRegistry<Room>((room) => {
    this.#free.give(room);
  });
  #isClosed = false;

  /** @param scratch where the file is made; everything stays in memory without it */
  constructor(scratch?: Scratch) {
    this.#scratch = scratch;
  }

  /** Puts bytes aside, or a text as UTF-8. */
  put(bytes: Uint8Array | string): Shelved {
    const packed = deflateRawSync(bytes, { level: 1 });
    const room = packed.length < worthwhile ? undefined : this.#write(packed);
    if (room === undefined) {
      // A copy: what zlib returns may be the beginning of a larger piece of memory.
      const kept = Uint8Array.from(packed);
      return { read: () => inflateRawSync(kept) };
    }
    const sum = crc32(packed);
    const shelved = { read: () => inflateRawSync(this.#read(room, sum)) };
    this.#dropped.register(shelved, room);
    return shelved;
  }

  close(): void {
    this.#isClosed = true;
    this.#file?.close();
    this.#file = undefined;
  }

  /** @returns where the bytes are; undefined when they could not be written */
  #write(bytes: Uint8Array): Room | undefined {
    if (this.#isClosed || this.#scratch === undefined) return undefined;
    const room = this.#free.take(bytes.length);
    try {
      this.#file ??= this.#scratch();
      const sink = new FileSink(this.#file.descriptor, room.start + room.length);
      sink.advance(room.start);
      sink.write(bytes);
      return room;
    } catch {
      this.#free.give(room);
      return undefined;
    }
  }

  #read({ start, length }: Room, sum: number): Buffer {
    const name = 'what was put aside';
    const descriptor = this.#file?.descriptor;
    if (descriptor === undefined) throw new IkfsError('io', 'the shelf is closed', { path: name });
    const bytes = new DescriptorSource(name, descriptor, start + length).read(start, length);
    if (crc32(bytes) !== sum) throw new IkfsError('corrupt', 'is not as it was written', { path: name });
    return bytes;
  }
}

import { statSync } from 'node:fs';
import { FileSource } from '../bytes/file-source.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { ElfTarget } from '../format/btf-elf.ts';
import { unwrapImage } from '../source/image.ts';
import type { Step, Unwrapped } from '../source/image.ts';
import { findContents } from '../source/kernel-contents.ts';
import type { Finding } from '../source/kernel-contents.ts';
import { blobKey } from './blob-store.ts';
import type { BlobKey } from './blob-store.ts';
import type { Content } from './content.ts';
import type { Answer } from './outcome.ts';
import type { Workshop } from './workshop.ts';

/** The parts that a kernel image may carry. */
export const imageParts = ['btf', 'config', 'headers'] as const;
export type ImagePart = (typeof imageParts)[number];

/** The machine that a kernel was built for, as its ELF header has it. */
export interface KernelMachine extends ElfTarget {
  readonly name: string;
}

/** What is kept of an image once it has been unwrapped, so that it need not be unwrapped again. */
export interface ImageRecord {
  readonly steps: readonly Step[];
  /** The line that /proc/version shows. */
  readonly banner: string | undefined;
  readonly release: string | undefined;
  readonly machine: KernelMachine | undefined;
  /** In hexadecimal, as tools print it. */
  readonly buildId: string | undefined;
  /** Where each part lies in the kernel; decoded parts are kept as blobs of their own. */
  readonly parts: Readonly<Record<ImagePart, Finding>>;
  /** Whether the parts lie in the file as it is, so that they are served from there. */
  readonly inPlace: boolean;
}

const recordVersion = 2;
const partVersion = 1;
/** A record is a few hundred bytes of JSON. */
const recordCap = 1024 * 1024;

/** One kernel image and what has been found in it. Decoding happens once, and never again for the same file. */
export class ImageContents {
  readonly path: string;
  readonly #workshop: Workshop;
  #record: Promise<ImageRecord> | undefined;

  constructor(path: string, workshop: Workshop) {
    this.path = path;
    this.#workshop = workshop;
  }

  /** What the image holds. @throws IkfsError as unwrapImage; the next call tries again. */
  record(): Promise<ImageRecord> {
    this.#record ??= this.#load().catch((error: unknown) => {
      this.#record = undefined;
      throw error;
    });
    return this.#record;
  }

  /** Last modification in milliseconds since the epoch; 0 when the file is gone. */
  modified(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  /** A part of the image with where it came from, or why the image has none. */
  async part(part: ImagePart): Promise<Answer> {
    const record = await this.record();
    const finding = record.parts[part];
    if ('missing' in finding) return finding;
    const file = this.#open();
    file.close();
    const content: Content | undefined = record.inPlace
      ? { kind: 'file', path: this.path, identity: file.identity, ...finding }
      : this.#workshop.store.find(this.#partKey(file, part));
    if (!content) {
      // The store has dropped the part but kept the record.
      this.#record = this.#unwrap();
      await this.#record;
      return await this.part(part);
    }
    const provenance = { source: this.path, steps: record.steps, derived: false, modified: file.modified };
    return { content, provenance };
  }

  async #load(): Promise<ImageRecord> {
    const file = this.#open();
    file.close();
    const kept = this.#workshop.store.read(this.#recordKey(file));
    return kept ? (JSON.parse(kept.toString()) as ImageRecord) : await this.#unwrap();
  }

  async #unwrap(): Promise<ImageRecord> {
    const { store, limits } = this.#workshop;
    const file = this.#open();
    let unwrapped: Unwrapped | undefined;
    try {
      unwrapped = await unwrapImage(file, store.scratch, limits);
      const { kernel, elf, steps, inPlace } = unwrapped;
      const { banner, buildId, ...parts } = await findContents(kernel, elf, store.scratch, limits);
      if (!inPlace) {
        for (const part of imageParts) await this.#keepPart(file, part, kernel, parts[part]);
      }
      const record: ImageRecord = {
        steps,
        banner: banner?.text,
        release: banner?.release,
        buildId: buildId?.toString('hex'),
        machine: elf && { name: elf.machineName, machine: elf.machine, class: elf.class, order: elf.order },
        parts,
        inPlace,
      };
      await store.make(this.#recordKey(file), recordCap, (sink) => {
        sink.write(Buffer.from(JSON.stringify(record)));
      });
      return record;
    } finally {
      unwrapped?.close();
      file.close();
    }
  }

  async #keepPart(file: FileSource, part: ImagePart, kernel: ByteSource, finding: Finding): Promise<void> {
    if ('missing' in finding) return;
    const bytes = new WindowSource(kernel, finding.offset, finding.size);
    await this.#workshop.store.make(this.#partKey(file, part), finding.size, (sink) => {
      sink.write(bytes.read(0, bytes.size));
    });
  }

  #open(): FileSource {
    return FileSource.open(this.path, { tally: this.#workshop.reads });
  }

  #recordKey(file: FileSource): BlobKey {
    return blobKey('image', recordVersion, [file.identity]);
  }

  #partKey(file: FileSource, part: ImagePart): BlobKey {
    return blobKey(`image ${part}`, partVersion, [file.identity]);
  }
}

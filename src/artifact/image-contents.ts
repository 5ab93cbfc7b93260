import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { KnownDevice } from '../bytes/block-device.ts';
import type { FileSource } from '../bytes/file-source.ts';
import type { ByteRange } from '../bytes/byte-range.ts';
import { MemorySource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { ElfTarget } from '../format/btf-elf.ts';
import { elfMachines } from '../format/elf-machine.ts';
import { confirmDevice, openImage } from '../source/device-image.ts';
import { unwrapImage } from '../source/image.ts';
import type { Step, Unwrapped } from '../source/image.ts';
import { findContents } from '../source/kernel-contents.ts';
import type { Finding } from '../source/kernel-contents.ts';
import type { ExportLines } from '../source/kernel-export-lines.ts';
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

/** Where a part lies and its SHA-256 in hexadecimal, or why there is none. */
export type FoundPart =
  { readonly offset: number; readonly size: number; readonly digest: string } | { readonly missing: string };

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
  readonly parts: Readonly<Record<ImagePart, FoundPart>>;
  /** What it exports, as lines of Module.symvers: a blob of its own, as they lie nowhere in the kernel. */
  readonly exports: FoundPart;
  /** Where in the file the kernel lies as it is, so that its parts are served from there; undefined when it was decoded. */
  readonly place: number | undefined;
}

const recordVersion = 4;
const partVersion = 2;
/** A record is a few hundred bytes of JSON. */
const recordCap = 1024 * 1024;

/** The machine as the kernel's ELF header has it, or as far as a container around it tells. */
function machineOf({ elf, machine }: Unwrapped): KernelMachine | undefined {
  if (elf) return { name: elf.machineName, machine: elf.machine, class: elf.class, order: elf.order };
  if (!machine) return undefined;
  const known = elfMachines.find(({ name }) => name === machine.name);
  // Flat kernels of machines that have both classes are of 64 bits, but for some RISC-V ones that nothing tells.
  return known && { name: known.name, machine: known.number, class: known.class ?? 64, order: machine.order };
}

/** One kernel image and what has been found in it. Decoding happens once, and never again for the same file. */
export class ImageContents {
  readonly path: string;
  readonly #workshop: Workshop;
  readonly #device: KnownDevice | undefined;
  #record: Promise<ImageRecord> | undefined;

  /** @param device what is known of it when it is a block device */
  constructor(path: string, workshop: Workshop, device?: KnownDevice) {
    this.path = path;
    this.#workshop = workshop;
    this.#device = device;
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
    const key = partKey(part, finding.digest);
    if (record.place === undefined) return await this.#kept(key, () => this.part(part));
    const { identity, modified } = this.#look();
    const { offset, size } = finding;
    const content: Content = {
      kind: 'file',
      path: this.path,
      identity,
      offset: record.place + offset,
      size,
      key,
    };
    return { content, provenance: { source: this.path, steps: record.steps, derived: false, modified } };
  }

  /** The lines of Module.symvers about the kernel itself, or why there are none. */
  async exports(): Promise<Answer> {
    const { exports } = await this.record();
    if ('missing' in exports) return exports;
    const answer = await this.#kept(partKey('exports', exports.digest), () => this.exports());
    if ('missing' in answer) return answer;
    return { ...answer, provenance: { ...answer.provenance, derived: true } };
  }

  /** A part that is a blob. @param again asks for it once more, when the store has dropped it but kept the record */
  async #kept(key: BlobKey, again: () => Promise<Answer>): Promise<Answer> {
    const { steps } = await this.record();
    const { modified } = this.#look();
    const content = this.#workshop.store.find(key);
    if (!content) {
      this.#record = this.#unwrap();
      await this.#record;
      return await again();
    }
    return { content, provenance: { source: this.path, steps, derived: false, modified } };
  }

  async #load(): Promise<ImageRecord> {
    const kept = this.#workshop.store.read(this.#recordKey(this.#look()));
    return kept ? (JSON.parse(kept.toString()) as ImageRecord) : await this.#unwrap();
  }

  async #unwrap(): Promise<ImageRecord> {
    const { store, limits } = this.#workshop;
    const file = this.#open();
    let unwrapped: Unwrapped | undefined;
    try {
      unwrapped = await unwrapImage(file, store.scratch, limits);
      const { kernel, steps } = unwrapped;
      // A device may be written to while it is served, and nothing would tell.
      const place = this.#device ? undefined : unwrapped.place;
      const { banner, buildId, ...found } = await findContents(unwrapped, store.scratch, limits);
      const parts = {
        btf: digested(kernel, found.btf),
        config: digested(kernel, found.config),
        headers: digested(kernel, found.headers),
      };
      if (this.#device) await confirmDevice(file, this.#device);
      if (place === undefined) {
        for (const part of imageParts) await this.#keepPart(part, kernel, parts[part]);
      }
      const exports = await this.#keepLines(found.exports);
      const record: ImageRecord = {
        steps,
        banner: banner?.text,
        release: banner?.release,
        buildId: buildId?.toString('hex'),
        machine: machineOf(unwrapped),
        parts,
        exports,
        place,
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

  /** Keeps a part of a decoded kernel, unless it was kept already, perhaps of another image. */
  async #keepPart(part: ImagePart | 'exports', kernel: ByteSource, found: FoundPart): Promise<void> {
    if ('missing' in found) return;
    const { store } = this.#workshop;
    const key = partKey(part, found.digest);
    if (store.find(key)) return;
    await store.make(key, found.size, (sink) => {
      for (const chunk of chunksOf(kernel, found)) sink.write(chunk);
    });
  }

  async #keepLines(found: ExportLines): Promise<FoundPart> {
    if ('missing' in found) return found;
    const { lines } = found;
    const source = new MemorySource(this.path, lines);
    const part = digested(source, { offset: 0, size: lines.length });
    await this.#keepPart('exports', source, part);
    return part;
  }

  /** The image as it is now, no longer open. */
  #look(): FileSource {
    const file = this.#open();
    file.close();
    return file;
  }

  #open(): FileSource {
    return openImage(this.path, this.#device, this.#workshop.reads);
  }

  #recordKey(file: FileSource): BlobKey {
    return blobKey('image', recordVersion, [file.identity]);
  }
}

/** The key of a part follows from its bytes alone: whatever image they come from, they are kept once. */
function partKey(part: ImagePart | 'exports', digest: string): BlobKey {
  return blobKey(`image ${part}`, partVersion, [{ inode: digest, size: 0, modified: '' }]);
}

function digested(kernel: ByteSource, found: Finding): FoundPart {
  if ('missing' in found) return found;
  const hash = createHash('sha256');
  for (const chunk of chunksOf(kernel, found)) hash.update(chunk);
  return { ...found, digest: hash.digest('hex') };
}

/** Bytes read at a time. */
const chunkSize = 1024 * 1024;

function* chunksOf(source: ByteSource, { offset, size }: ByteRange): Generator<Buffer> {
  for (let done = 0; done < size; done += chunkSize) {
    yield source.read(offset + done, Math.min(chunkSize, size - done));
  }
}

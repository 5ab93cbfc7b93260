import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSink } from '../bytes/byte-sink.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import type { Scratch } from '../bytes/scratch.ts';
import type { CodecName } from '../codec/codec.ts';
import { decode, detectCodec } from '../codec/table.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { findBootconfig } from '../format/bootconfig-trailer.ts';
import { cpioEntries } from '../format/cpio.ts';
import type { CpioEntry } from '../format/cpio.ts';
import { isModuleFile } from '../format/module-name.ts';
import { headOf } from './image.ts';
import type { Step } from './image.ts';
import { ramdiskParts } from './ramdisk-parts.ts';
import type { RamdiskPart } from './ramdisk-parts.ts';

/** A module that was copied out of a ramdisk; its range is one of what was written. */
export interface UnpackedModule extends ByteRange {
  /** As in the archive, without `./` or `/` in front. It is text to show, and never a path of this system. */
  readonly path: string;
  /** Which of the archives it was in. */
  readonly archive: number;
}

/** The modules of all ramdisks of an image. */
export interface UnpackedModules {
  readonly modules: readonly UnpackedModule[];
  /** For each archive the layers around it, outermost first. */
  readonly archives: readonly (readonly Step[])[];
  /** What was left out, in words. */
  readonly notes: readonly string[];
}

/**
 * What the file of a module can be called: KBUILD_MODNAME is of letters, digits and `_`, in place of `-` and `,`
 * (scripts/Makefile.lib, name-fix), and names no file that begins with a dot.
 */
const moduleFileName = /^[\w,+-][\w.,+-]{0,254}$/;

/** Control characters, and what no UTF-8 was: such a path is not shown. */
const unshowable = /[\p{Cc}\p{Cf}\ufffd]/u;

/** Bytes that anything may expand to, whatever its ratio. */
const harmlessExpansion = 64 * 1024 * 1024;

/** Bytes copied at a time. */
const chunkSize = 1024 * 1024;

/** Entries looked at before others get a turn. */
const entriesInOneGo = 1024;

/**
 * Copies the modules out of the ramdisks of an image. Only regular files count whose name ends as a module's does. A
 * file that comes twice is the last one, as in the kernel, which overwrites the first.
 * @param image as ramdiskParts takes it
 * @param sink takes the modules one behind the other
 * @throws IkfsError naming the image and the layers: as ramdiskParts, `corrupt`, `truncated`, or `limit`
 */
export async function unpackModules(
  image: ByteSource,
  sink: ByteSink,
  scratch: Scratch,
  limits: Limits,
): Promise<UnpackedModules> {
  const unpacking = new Unpacking(image, sink, scratch, limits);
  for (const part of ramdiskParts(image)) await unpacking.part(part);
  return unpacking.result();
}

/** One image whose ramdisks are being unpacked. */
class Unpacking {
  readonly #image: ByteSource;
  readonly #sink: ByteSink;
  readonly #scratch: Scratch;
  readonly #limits: Limits;
  /** Bytes that may still come out of all compressions together. */
  #left: number;
  #streams = 0;
  #entries = 0;
  /** By path in the ramdisk. */
  readonly #modules = new Map<string, UnpackedModule>();
  readonly #archives: (readonly Step[])[] = [];
  readonly #notes: string[] = [];
  #misnamed = 0;

  constructor(image: ByteSource, sink: ByteSink, scratch: Scratch, limits: Limits) {
    this.#image = image;
    this.#sink = sink;
    this.#scratch = scratch;
    this.#limits = limits;
    this.#left = limits.imageBytes;
  }

  result(): UnpackedModules {
    const misnamed =
      this.#misnamed === 0
        ? []
        : [`${this.#image.name}: ${this.#misnamed} files have names that no module can have`];
    return {
      modules: [...this.#modules.values()],
      archives: this.#archives,
      notes: [...this.#notes, ...misnamed],
    };
  }

  /**
   * Reads the archives of a ramdisk as the kernel does (init/initramfs.c, unpack_to_rootfs): plain ones begin at
   * multiples of 4 bytes, compressed ones anywhere behind zeros, and each stream holds whole archives.
   */
  async part(part: RamdiskPart): Promise<void> {
    const { offset, size } = part.range;
    const ramdisk = withoutBootconfig(new WindowSource(this.#image, offset, size));
    for (let at = 0; at < ramdisk.size;) {
      while (at % 4 !== 0 && at < ramdisk.size && ramdisk.read(at, 1)[0] === 0) at += 1;
      const rest = (): ByteSource => new WindowSource(ramdisk, at, ramdisk.size - at);
      if (at % 4 === 0) at += await this.#plain(rest(), part, []);
      if (at === ramdisk.size) return;
      const codec = detectCodec(headOf(rest()));
      if (!codec) {
        const place = `${ramdisk.size - at} bytes from ${offset + at}`;
        this.#notes.push(`${this.#image.name}: ${place} are no archive of a ramdisk`);
        return;
      }
      at += await this.#compressed(rest(), codec.name, part);
    }
  }

  /** Takes the modules of a compressed archive. @returns the length of the stream */
  async #compressed(stream: ByteSource, codec: CodecName, part: RamdiskPart): Promise<number> {
    this.#streams += 1;
    if (this.#streams > this.#limits.streams) {
      const message = `has more than ${this.#limits.streams} compressed archives`;
      throw this.#located(new IkfsError('limit', message), part, []);
    }
    const scratch = this.#scratch();
    try {
      const byRatio = Math.max(harmlessExpansion, stream.size * this.#limits.ratio);
      const decoded = scratch.sink(Math.min(this.#left, byRatio));
      const { consumed } = await decode(codec, stream, decoded).catch((error: unknown) => {
        throw this.#located(error, part, []);
      });
      this.#left -= decoded.written;
      const bytes = scratch.source(stream.name, decoded.written);
      const layer = { name: codec, size: consumed };
      const end = await this.#plain(bytes, part, [layer]);
      if (end < bytes.size) {
        const error = new IkfsError('unsupported', 'is no archive of a ramdisk', { offset: end });
        throw this.#located(error, part, [layer]);
      }
      return consumed;
    } finally {
      scratch.close();
    }
  }

  /** Takes the modules of plain archives. @returns where they end */
  async #plain(source: ByteSource, part: RamdiskPart, layers: readonly Step[]): Promise<number> {
    const entries = cpioEntries(source);
    const archive = this.#archives.length;
    const before = this.#entries;
    try {
      for (;;) {
        const next = entries.next();
        if (next.done) {
          const cpio = { name: 'cpio', size: next.value };
          if (this.#entries > before) this.#archives.push([...part.steps, ...layers, cpio]);
          return next.value;
        }
        this.#entries += 1;
        if (this.#entries > this.#limits.ramdiskEntries) {
          throw new IkfsError('limit', `has more than ${this.#limits.ramdiskEntries} files and directories`);
        }
        if (this.#entries % entriesInOneGo === 0) await setImmediate();
        this.#entry(source, next.value, archive, part.isRecovery);
      }
    } catch (error) {
      throw this.#located(error, part, layers);
    }
  }

  #entry(source: ByteSource, { name, kind, content }: CpioEntry, archive: number, isRecovery: boolean): void {
    const fileName = basename(name);
    if (kind !== 'file' || content.size === 0 || !isModuleFile(fileName)) return;
    if (!moduleFileName.test(fileName) || unshowable.test(name)) {
      this.#misnamed += 1;
      return;
    }
    const path = name.replace(/^(?:\.?\/)+/, '');
    if (isRecovery && this.#modules.has(path)) return;
    const offset = this.#sink.written;
    for (let done = 0; done < content.size; done += chunkSize) {
      this.#sink.write(source.read(content.offset + done, Math.min(chunkSize, content.size - done)));
    }
    this.#modules.set(path, { path, archive, offset, size: content.size });
  }

  /** The error with the image and the layers passed on the way; a codec names itself. */
  #located(error: unknown, { steps }: RamdiskPart, layers: readonly Step[]): IkfsError {
    return [...steps, ...layers].reduceRight(
      (inner, { name }) => inner.within({ step: name }),
      asIkfsError(error, { path: this.#image.name }),
    );
  }
}

/** The ramdisk without the text that a boot loader or `bootconfig -a` put behind it. */
function withoutBootconfig(ramdisk: ByteSource): ByteSource {
  try {
    const text = findBootconfig(ramdisk);
    return text ? new WindowSource(ramdisk, 0, text.offset) : ramdisk;
  } catch {
    // The kernel, too, goes on without a text that it can not use.
    return ramdisk;
  }
}

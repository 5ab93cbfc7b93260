import { FileSink } from '../bytes/byte-sink.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import type { Scratch, ScratchFile } from '../bytes/scratch.ts';
import { decode, detectCodec } from '../codec/table.ts';
import { IkfsError } from '../errors.ts';
import { findBanner } from '../format/banner.ts';
import { isBzImage, parseBzImage } from '../format/bzimage.ts';
import { isElf, parseElf } from '../format/elf.ts';
import type { ElfFile } from '../format/elf.ts';

/** One layer of an image, as `ikfs info` shows it. */
export interface Step {
  /** The format: `bzImage`, `xz`, `ELF x86-64`, `flat image`. */
  readonly name: string;
  /** Bytes of this layer. */
  readonly size: number;
}

/** A kernel image with its wrappings taken off. */
export interface Unwrapped {
  /** Every layer, outermost first; the last is the kernel itself. */
  readonly steps: readonly Step[];
  /** The kernel: an ELF file or the flat bytes that are loaded into memory. */
  readonly kernel: ByteSource;
  /** The ELF file's description; undefined for a flat image. */
  readonly elf: ElfFile | undefined;
  /** Whether the kernel's bytes lie as they are in the file given, nothing having been decoded. */
  readonly inPlace: boolean;
  /** Frees what decoding took. */
  close(): void;
}

/** How much of a file is looked at to tell its format; the longest header is in the first 4 KiB. */
const headSize = 4096;

/** The first bytes of a source, as many as there are up to 4 KiB. */
export function headOf(source: ByteSource): Buffer {
  return source.read(0, Math.min(headSize, source.size));
}

/**
 * Takes the wrappings off a kernel image until an ELF file or a flat kernel remains.
 * @throws IkfsError with the steps taken so far: `unsupported` when it is no kernel image, `truncated`,
 *   `corrupt`, or `limit`
 */
export async function unwrapImage(image: ByteSource, scratch: Scratch, limits: Limits): Promise<Unwrapped> {
  const steps: Step[] = [];
  let decoded: ScratchFile | undefined;
  let current = image;
  try {
    for (;;) {
      if (steps.length > limits.nesting) {
        throw new IkfsError('limit', `is wrapped more than ${limits.nesting} times`);
      }
      const head = headOf(current);
      if (isElf(head)) {
        const elf = parseElf(current);
        steps.push({ name: `ELF ${elf.machineName}`, size: current.size });
        return finished(current, elf);
      }
      if (isBzImage(head)) {
        const { payload } = parseBzImage(current);
        steps.push({ name: 'bzImage', size: current.size });
        current = new WindowSource(current, payload.offset, payload.size);
        continue;
      }
      const codec = detectCodec(head);
      if (codec) {
        steps.push({ name: codec.name, size: current.size });
        const next = scratch();
        const sink = new FileSink(next.descriptor, limits.imageBytes);
        try {
          await decode(codec.name, current, sink);
        } catch (error) {
          next.close();
          throw error;
        }
        decoded?.close();
        decoded = next;
        current = next.source(image.name, sink.written);
        continue;
      }
      if (!findBanner(current))
        throw new IkfsError('unsupported', 'holds no kernel in a format that ikfs knows');
      steps.push({ name: 'flat image', size: current.size });
      return finished(current, undefined);
    }
  } catch (error) {
    decoded?.close();
    throw withSteps(error, image.name, steps);
  }

  function finished(kernel: ByteSource, elf: ElfFile | undefined): Unwrapped {
    return { steps, kernel, elf, inPlace: decoded === undefined, close: () => decoded?.close() };
  }
}

/** Adds the containers passed on the way; the innermost step (a codec) is named by the error already. */
function withSteps(error: unknown, path: string, steps: readonly Step[]): unknown {
  if (!(error instanceof IkfsError)) return error;
  const named = new Set(error.steps);
  const outer = steps.map((step) => step.name).filter((name) => !named.has(name));
  return outer.reduceRight((inner, step) => inner.within({ step }), error.within({ path }));
}

/**
 * The release of an image as far as it can be told without decoding anything: from the boot header of a
 * bzImage, or from the banner of a kernel that is not compressed.
 * @returns undefined when the image is compressed, or is none
 */
export function peekRelease(image: ByteSource): string | undefined {
  const head = headOf(image);
  if (isBzImage(head)) return parseBzImage(image).release;
  if (detectCodec(head)) return undefined;
  return findBanner(image)?.banner.release;
}

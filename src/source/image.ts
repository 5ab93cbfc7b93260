import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { ByteRange } from '../bytes/byte-range.ts';
import type { Limits } from '../bytes/limits.ts';
import type { Scratch } from '../bytes/scratch.ts';
import type { CodecName } from '../codec/codec.ts';
import { codecs, decode, detectCodec } from '../codec/table.ts';
import { IkfsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { findBanner } from '../format/banner.ts';
import { isElf, parseElf } from '../format/elf.ts';
import type { ElfFile } from '../format/elf.ts';
import { payloadSection, streamCandidates } from '../format/embedded-payload.ts';
import { openContainer } from './container.ts';
import type { ContainerMachine } from './container.ts';

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
  /** What a flat image's header, or that of a container around it, says of the machine. */
  readonly machine: ContainerMachine | undefined;
  /** The offset in the image at which the kernel lies as it is; undefined when it had to be decoded. */
  readonly place: number | undefined;
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
 * @throws IkfsError with the steps taken so far: `unsupported` when it is no kernel image, `not-found` for a container
 *   without a kernel, `truncated`, `corrupt`, or `limit`
 */
export async function unwrapImage(image: ByteSource, scratch: Scratch, limits: Limits): Promise<Unwrapped> {
  const unwrapping = new Unwrapping(image.name, scratch, limits);
  return await unwrapping.unwrap({ bytes: image, steps: [], machine: undefined, place: 0 });
}

/** What remains of an image after some steps. */
interface Layer {
  readonly bytes: ByteSource;
  /** Those that led here. */
  readonly steps: readonly Step[];
  readonly machine: ContainerMachine | undefined;
  /** Where in the image its bytes lie as they are; undefined when they were decoded. */
  readonly place: number | undefined;
}

/** What may be wrong with bytes that only looked like a compressed stream, or with what comes out. */
const falseHits: ReadonlySet<ErrorCode> = new Set([
  'corrupt',
  'truncated',
  'unsupported',
  'not-found',
  'limit',
]);

/** Bytes that anything may expand to, whatever its ratio: then a small image of zeros is no attack yet. */
const harmlessExpansion = 64 * 1024 * 1024;

/** One image being unwrapped. */
class Unwrapping {
  readonly #path: string;
  readonly #scratch: Scratch;
  readonly #limits: Limits;
  /** Bytes that may still come out of all compressions together. */
  #left: number;
  /** Streams that may still be tried. */
  #tries: number;

  constructor(path: string, scratch: Scratch, limits: Limits) {
    this.#path = path;
    this.#scratch = scratch;
    this.#limits = limits;
    this.#left = limits.imageBytes;
    this.#tries = limits.streams;
  }

  /** The kernel in a layer. @throws IkfsError as unwrapImage */
  async unwrap(layer: Layer): Promise<Unwrapped> {
    try {
      return await this.#next(layer);
    } catch (error) {
      throw withSteps(error, this.#path, layer.steps);
    }
  }

  async #next(layer: Layer): Promise<Unwrapped> {
    const { bytes, steps } = layer;
    if (steps.length > this.#limits.nesting) {
      throw new IkfsError('limit', `is wrapped more than ${this.#limits.nesting} times`);
    }
    const head = headOf(bytes);
    if (isElf(head)) return await this.#elf(layer);
    const container = openContainer(bytes, head);
    if (container) {
      const { name, inside, machine = layer.machine } = container;
      const inner = { ...layer, machine, steps: [...steps, { name, size: bytes.size }] };
      switch (inside.kind) {
        case 'kernel':
          return finished(inner, undefined);
        case 'part':
          return await this.unwrap(partOf(inner, inside.range));
        case 'search':
          return await this.#search(inner, inside.range);
      }
    }
    const codec = detectCodec(head);
    if (codec) return await this.#decode(layer, codec.name);
    if (findBanner(bytes)) {
      return finished({ ...layer, steps: [...steps, { name: 'flat image', size: bytes.size }] }, undefined);
    }
    return await this.#search(layer, { offset: 0, size: bytes.size });
  }

  /** An ELF file is the kernel, or a program that unpacks it. */
  async #elf(layer: Layer): Promise<Unwrapped> {
    const elf = parseElf(layer.bytes);
    const inner = {
      ...layer,
      steps: [...layer.steps, { name: `ELF ${elf.machineName}`, size: layer.bytes.size }],
    };
    const payload = payloadSection(elf);
    if (!payload) return finished(inner, elf);
    const machine = { name: elf.machineName, order: elf.order };
    return await this.#search({ ...inner, machine }, payload);
  }

  /** Decodes the stream that a layer begins with, and goes on with what comes out. */
  async #decode(layer: Layer, codec: CodecName): Promise<Unwrapped> {
    const { bytes, steps } = layer;
    const scratch = this.#scratch();
    try {
      const byRatio = Math.max(harmlessExpansion, bytes.size * this.#limits.ratio);
      const sink = scratch.sink(Math.min(this.#left, byRatio));
      try {
        await decode(codec, bytes, sink);
      } finally {
        this.#left -= sink.written;
      }
      const unwrapped = await this.unwrap({
        ...layer,
        bytes: scratch.source(bytes.name, sink.written),
        steps: [...steps, { name: codec, size: bytes.size }],
        place: undefined,
      });
      return {
        ...unwrapped,
        close() {
          unwrapped.close();
          scratch.close();
        },
      };
    } catch (error) {
      scratch.close();
      throw error;
    }
  }

  /**
   * Looks for a compressed kernel in a range of a layer: tries what looks like a stream until a kernel comes out.
   * @throws IkfsError `unsupported` when there is none; what is wrong with it when there was only one stream to try
   */
  async #search(layer: Layer, range: ByteRange): Promise<Unwrapped> {
    const candidates = streamCandidates(layer.bytes, range, codecs, this.#limits.streams);
    const end = range.offset + range.size;
    const failures: IkfsError[] = [];
    for (const { name, offset } of candidates) {
      if (this.#tries === 0) {
        throw new IkfsError('limit', `none of ${this.#limits.streams} compressed streams holds a kernel`);
      }
      this.#tries -= 1;
      try {
        return await this.#decode(partOf(layer, { offset, size: end - offset }), name);
      } catch (error) {
        if (!(error instanceof IkfsError) || !falseHits.has(error.code)) throw error;
        failures.push(error);
      }
    }
    const [only, ...others] = failures;
    if (only && others.length === 0) throw only;
    const tried = only === undefined ? '' : `: none of ${failures.length} compressed streams in it is one`;
    throw new IkfsError('unsupported', `holds no kernel in a format that ikfs knows${tried}`);
  }
}

function windowOf(bytes: ByteSource, { offset, size }: ByteRange): ByteSource {
  return new WindowSource(bytes, offset, size);
}

/** A layer's part, to be unwrapped on. */
function partOf(layer: Layer, range: ByteRange): Layer {
  const place = layer.place === undefined ? undefined : layer.place + range.offset;
  return { ...layer, bytes: windowOf(layer.bytes, range), place };
}

function finished({ bytes, steps, machine, place }: Layer, elf: ElfFile | undefined): Unwrapped {
  return { steps, kernel: bytes, elf, machine, place, close: () => undefined };
}

/** Adds the containers passed on the way; the innermost step (a codec) is named by the error already. */
function withSteps(error: unknown, path: string, steps: readonly Step[]): unknown {
  if (!(error instanceof IkfsError)) return error;
  const named = new Set(error.steps);
  const outer = steps.map((step) => step.name).filter((name) => !named.has(name));
  return outer.reduceRight((inner, step) => inner.within({ step }), error.within({ path }));
}

/**
 * The release of an image as far as it can be told without decoding anything: from the header of a container, or from
 * the banner of a kernel that is not compressed.
 * @returns undefined when the image is compressed, or is none
 */
export function peekRelease(image: ByteSource): string | undefined {
  const head = headOf(image);
  const container = openContainer(image, head);
  if (container?.release !== undefined) return container.release;
  if (container === undefined) return detectCodec(head) ? undefined : findBanner(image)?.banner.release;
  switch (container.inside.kind) {
    case 'part':
      return peekRelease(windowOf(image, container.inside.range));
    case 'kernel':
      return findBanner(image)?.banner.release;
    case 'search':
      return undefined;
  }
}

import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileSink } from '../bytes/byte-sink.ts';
import { IkfsError } from '../errors.ts';
import { fromNativeError, native, nativeMissing } from '../native.ts';
import type { NativeBpfHeaders, NativeBtf } from '../native.ts';

/** BTF that has been read, alone or split on a base; what it means is worked out by native/btf, off this thread. */
export class Btf {
  /** What messages call it. */
  readonly name: string;
  readonly #native: NativeBtf;

  private constructor(name: string, opened: NativeBtf) {
    this.name = name;
    this.#native = opened;
  }

  /**
   * Reads raw BTF of either byte order.
   * @param base what it is split on
   * @throws IkfsError `truncated`, `corrupt`, `unsupported`, `io`; `unavailable` without the addon
   */
  static async open(source: ByteSource, base?: Btf): Promise<Btf> {
    if (!native) {
      throw new IkfsError(
        'unavailable',
        `BTF is worked on by the addon (${nativeMissing ?? 'unknown reason'})`,
      );
    }
    const input = source.fileRange() ?? source.read(0, source.size);
    const opened = await inContext(
      source.name,
      native.openBtf(input, base === undefined ? undefined : base.#native),
    );
    source.countRead(source.size);
    return new Btf(source.name, opened);
  }

  /** Number of types of its own. */
  get types(): number {
    return this.#native.types;
  }

  /**
   * Looks whether a kernel would accept it, by the rules of kernel/bpf/btf.c.
   * @throws IkfsError `corrupt` naming the type, its kind and what is wrong
   */
  validate(): Promise<void> {
    return inContext(this.name, this.#native.validate());
  }

  /**
   * Of BTF that is split on its own distilled base (.BTF.base): the same on the kernel's, as the kernel serves it.
   * @throws IkfsError `mismatch` when a type of the base is not, or not clearly, among the kernel's
   */
  relocate(kernel: Btf): Promise<Buffer> {
    return inContext(this.name, this.#native.relocate(kernel.#native));
  }

  /** Writes BTF that has all types of its own and those of its base that they reach. */
  async flatten(output: FileSink): Promise<void> {
    await this.#write(output, () => this.#native.flatten(output.descriptor, output.cap));
  }

  /** How many bytes that would be. */
  flatSize(): Promise<number> {
    return inContext(this.name, this.#native.flatSize());
  }

  /** Writes BTF of this base and of all that is split on it. */
  async merge(splits: readonly Btf[], output: FileSink): Promise<void> {
    const handles = splits.map((split) => split.#native);
    await this.#write(output, () => this.#native.merge(handles, output.descriptor, output.cap));
  }

  /**
   * Writes C declarations of its types, for clang -target bpf. Of a 32-bit kernel's types sizes and places hold for
   * compilers of such machines only; under -target bpf CO-RE finds their members.
   * @param part all types, or those that it adds to its base's
   */
  async writeHeader(part: 'all' | 'own', output: FileSink): Promise<void> {
    await this.#write(output, () => this.#native.writeHeader(part === 'own', output.descriptor, output.cap));
  }

  /** @param write resolves to the number of bytes */
  #write(output: FileSink, write: () => Promise<number>): Promise<void> {
    return output.filledBy(async () => {
      output.advance(await inContext(this.name, write()));
    });
  }

  /**
   * Makes a tree of headers for BPF programs.
   * @param plan as src/bpf-headers/plan.ts makes it
   * @param cap how many bytes it may have
   */
  bpfHeaders(plan: string, cap: number): Promise<NativeBpfHeaders> {
    return inContext(this.name, this.#native.writeBpfHeaders(plan, cap));
  }
}

async function inContext<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw fromNativeError(error, 'BTF').within({ path: name });
  }
}

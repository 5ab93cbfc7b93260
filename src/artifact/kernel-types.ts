import type { ByteSource } from '../bytes/byte-source.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import { Btf } from '../btf/engine.ts';
import { asIkfsError, describeError } from '../errors.ts';
import { contentIdentity } from './content-identity.ts';
import { withContent } from './content-source.ts';
import type { Outcome, ReadyOutcome } from './outcome.ts';
import type { Workshop } from './workshop.ts';

/** How long the kernel's types are kept in memory after they were last used, in milliseconds. */
const keptFor = 20_000;

/** The kernel's types as they were read. */
export interface OpenedTypes {
  readonly types: Btf;
  /** What they were read from. */
  readonly btf: ReadyOutcome;
  /** Of that. */
  readonly identity: FileIdentity;
}

/** The kernel's own BTF as it is needed to make anything of a module's: read once for many modules in a row. */
export class KernelTypes {
  readonly #workshop: Workshop;
  readonly #outcome: () => Promise<Outcome>;
  #opened: Promise<OpenedTypes | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param outcome asks for `btf/vmlinux` */
  constructor(workshop: Workshop, outcome: () => Promise<Outcome>) {
    this.#workshop = workshop;
    this.#outcome = outcome;
  }

  /** The types; undefined when the kernel has none. @throws IkfsError when they are there but broken */
  get(): Promise<OpenedTypes | undefined> {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#opened = undefined;
    }, keptFor).unref();
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** Lets go of the types; who works with them keeps them until the work is done. */
  letGo(): void {
    clearTimeout(this.#timer);
    this.#opened = undefined;
  }

  /** The types to check a module's with, or in words why there are none. Never throws. */
  async forChecking(): Promise<Btf | { readonly missing: string }> {
    try {
      return (await this.get())?.types ?? { missing: 'no BTF of the kernel itself was found' };
    } catch (thrown) {
      return { missing: describeError(asIkfsError(thrown)) };
    }
  }

  async #open(): Promise<OpenedTypes | undefined> {
    const outcome = await this.#outcome();
    if (outcome.state === 'failed') throw outcome.error;
    if (outcome.state === 'absent') return undefined;
    const { content, provenance } = outcome;
    const open = (source: ByteSource): Promise<Btf> => Btf.open(source);
    const types = await withContent(content, provenance.source, open, this.#workshop.reads);
    return { types, btf: outcome, identity: contentIdentity(content, provenance) };
  }
}

import type { Shelf } from '../bytes/shelf.ts';
import { asIkfsError } from '../errors.ts';
import { clangTree } from './clang-tree.ts';
import type { HeaderTree } from './header-tree.ts';
import type { KernelContext } from './kernel-context.ts';
import type { KernelArtifact } from './kinds.ts';
import { bpfHeadersOutcome, makeBpfHeaders } from './make-bpf-headers.ts';
import { inspectHeaders, makeHeaderTree } from './make-headers.ts';
import type { Outcome } from './outcome.ts';
import { SingleFlight } from './single-flight.ts';

/** `build`: the archive; `clang`: the same for clang; `bpf-headers`: made of types. */
export type HeaderTreeName = 'build' | 'clang' | 'bpf-headers';

/** What the trees of headers ask of their kernel. */
interface AskedKernel {
  artifact(artifact: KernelArtifact): Promise<Outcome>;
  hasModules(): boolean;
}

/** The trees of headers that a kernel has. Each is made when it is first asked for, and once. */
export class KernelHeaderTrees {
  readonly #context: KernelContext;
  readonly #kernel: AskedKernel;
  readonly #trees = new SingleFlight<HeaderTreeName, HeaderTree | undefined>((name) => this.#make(name));

  constructor(context: KernelContext, kernel: AskedKernel) {
    this.#context = context;
    this.#kernel = kernel;
  }

  /** The header tree, undefined when there is no archive. @throws IkfsError when there is a broken one */
  build(): Promise<HeaderTree | undefined> {
    return this.#trees.get('build');
  }

  /** The tree of clang/, undefined when there is no archive. @throws IkfsError as build */
  clang(): Promise<HeaderTree | undefined> {
    return this.#trees.get('clang');
  }

  /**
   * Headers for BPF programs, undefined when the kernel lacks BTF. They are asked for as an artifact, so that everybody is told
   * what came of making them.
   * @throws IkfsError when they can not be made
   */
  async bpf(): Promise<HeaderTree | undefined> {
    const outcome = await this.#kernel.artifact('bpf-headers');
    if (outcome.state === 'failed') throw outcome.error;
    return outcome.state === 'ready' ? await this.#trees.get('bpf-headers') : undefined;
  }

  /** The tree, if it has been made. */
  settled(name: HeaderTreeName): HeaderTree | undefined {
    return this.#trees.settled(name);
  }

  /** Has the headers for BPF programs made anew for the next who asks. */
  forgetBpf(): void {
    this.#trees.forget('bpf-headers');
  }

  /** Puts aside what is only held to be faster. */
  letGo(shelf: Shelf): void {
    for (const tree of this.#trees.all().values()) tree?.letGo(shelf);
  }

  /** The outcome of `build`: that of its archive, unless the archive can not be unpacked. */
  async buildOutcome(): Promise<Outcome> {
    const archive = await this.#kernel.artifact('kheaders.tar.xz');
    if (archive.state !== 'ready') return archive;
    try {
      await this.build();
      return archive;
    } catch (thrown) {
      return {
        state: 'failed',
        error: asIkfsError(thrown, { path: archive.provenance.source }),
        attempts: [],
      };
    }
  }

  /** The outcome of `bpf-headers`. */
  async bpfOutcome(): Promise<Outcome> {
    return await bpfHeadersOutcome(await this.#bpfTypes(), () => this.#trees.get('bpf-headers'));
  }

  async #make(name: HeaderTreeName): Promise<HeaderTree | undefined> {
    switch (name) {
      case 'build':
        return await this.#makeBuild();
      case 'clang': {
        const tree = await this.build();
        return tree && clangTree(tree);
      }
      case 'bpf-headers': {
        const types = await this.#bpfTypes();
        return await makeBpfHeaders(this.#context, types, await this.#kernel.artifact('config'));
      }
    }
  }

  async #makeBuild(): Promise<HeaderTree | undefined> {
    const archive = await this.#kernel.artifact('kheaders.tar.xz');
    if (archive.state === 'failed') throw archive.error;
    if (archive.state === 'absent') return undefined;
    const tree = await makeHeaderTree(this.#context.workshop, archive);
    await inspectHeaders(this.#context, tree);
    return tree;
  }

  /** What the headers for BPF programs are made from: types of the kernel and of its modules, where there are any. */
  async #bpfTypes(): Promise<Outcome> {
    return await this.#kernel.artifact(this.#kernel.hasModules() ? 'btf-flat/all' : 'btf/vmlinux');
  }
}

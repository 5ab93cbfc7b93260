import { fileOf } from '../source/module-folder.ts';
import type { ModuleList } from '../source/module-folder.ts';
import { isExposed } from './exposure.ts';
import type { KernelContext } from './kernel-context.ts';
import type { KernelArtifact } from './kinds.ts';
import type { ModuleArtifact } from './module-artifacts.ts';
import type { Outcome, ReadyOutcome } from './outcome.ts';

/** Who may read what of one kernel, by the files that it is made from. */
export class KernelExposure {
  readonly #context: KernelContext;

  constructor(context: KernelContext) {
    this.#context = context;
  }

  /** Whether everybody may read an artifact, or one of a module. @param outcome what came of asking for it */
  of(artifact: KernelArtifact | ModuleArtifact, { provenance }: ReadyOutcome): boolean {
    return this.#isExposed(artifact, this.#filesOf(artifact, provenance.source));
  }

  /** Whether everybody may enter build/, whichever source its archive turns out to be in. */
  ofBuild(): boolean {
    const { given, images } = this.#context.sources;
    const kheaders = this.#modules().get('kheaders');
    return this.#isExposed('build', [...given.headers, ...(kheaders ? [fileOf(kheaders)] : []), ...images]);
  }

  /**
   * Whether everybody may enter bpf-headers/: who may read all that is in it, which are the types, the configuration and the
   * modules' types.
   * @param types what came of `btf/vmlinux`
   * @param config what came of `config`
   */
  ofBpfHeaders(types: Outcome | undefined, config: Outcome | undefined): boolean {
    if (types?.state !== 'ready' || config?.state !== 'ready') return false;
    const files = this.#moduleFiles();
    const areModulesExposed = files.length === 0 || this.#isExposed('btf-flat/all', files);
    return areModulesExposed && this.of('btf/vmlinux', types) && this.of('config', config);
  }

  #isExposed(artifact: KernelArtifact | ModuleArtifact, files: readonly string[]): boolean {
    const { workshop, sources } = this.#context;
    return isExposed(workshop.exposure, { artifact, live: sources.live, files });
  }

  /** The files that an artifact is made from. @param source as its provenance has it */
  #filesOf(artifact: KernelArtifact | ModuleArtifact, source: string): readonly string[] {
    const { moduleFolders, ramdisks } = this.#context.sources;
    if (artifact === 'modules.tsv') return [...moduleFolders, ...ramdisks];
    const ofAll: readonly string[] = ['btf-flat/all', 'Module.symvers', 'bpf-headers'];
    if (ofAll.includes(artifact)) return [source, ...this.#moduleFiles()];
    // Of a module in a ramdisk the source begins with the image's path.
    return [ramdisks.find((path) => source.startsWith(`${path}:`)) ?? source];
  }

  #modules(): ModuleList['modules'] {
    return this.#context.modules().modules;
  }

  #moduleFiles(): string[] {
    return [...this.#modules().values()].map(fileOf);
  }
}

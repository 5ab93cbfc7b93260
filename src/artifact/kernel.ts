import { statSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Shelf } from '../bytes/shelf.ts';
import { liveModules } from '../source/live.ts';
import { listModules, sameModules } from '../source/module-folder.ts';
import type { ModuleEntry, ModuleList } from '../source/module-folder.ts';
import { surveyModules } from '../source/module-survey.ts';
import type { ModuleSurvey } from '../source/module-survey.ts';
import { inputState, stateOfCarriers } from './input-state.ts';
import type { Releasable } from './held-memory.ts';
import type { ImageContents } from './image-contents.ts';
import { Findings } from './kernel-context.ts';
import type { KernelContext, KernelSources } from './kernel-context.ts';
import type { Evidence, KernelArtifact } from './kinds.ts';
import { SourceEvidence } from './source-evidence.ts';
import { makeKernelBtf } from './make-btf.ts';
import { makeAutoConf, makeKernelRelease } from './make-companions.ts';
import { KernelExposure } from './kernel-exposure.ts';
import { KernelHeaderTrees } from './kernel-header-trees.ts';
import { makeConfig } from './make-config.ts';
import type { ConfigOutcome } from './make-config.ts';
import { makeHeadersOnly } from './make-headers-only.ts';
import { makeHeaderArchive } from './make-headers.ts';
import { makeCompiler, makeVersion } from './make-identity.ts';
import { makeModuleBtf } from './make-module-btf.ts';
import { makeFlatBtf, makeKernelHeader, makeMergedBtf, makeModuleHeader } from './make-types.ts';
import type { TypeSources } from './make-types.ts';
import { makeModuleSymvers } from './make-module-symvers.ts';
import { makeModulesTable, moduleRows } from './make-modules-table.ts';
import type { ModuleRow } from './make-modules-table.ts';
import { makeVmlinux } from './make-vmlinux.ts';
import { KernelTypes } from './kernel-types.ts';
import { ModuleArtifacts, moduleArtifacts } from './module-artifacts.ts';
import type { ModuleArtifact, SettledModule } from './module-artifacts.ts';
import { judge } from './module-verdict.ts';
import type { Judgement } from './module-verdict.ts';
import { lasts } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { RamdiskContents } from './ramdisk-contents.ts';
import { SingleFlight } from './single-flight.ts';
import type { Workshop } from './workshop.ts';

/** What has been found of a kernel's files while it was looked for. */
export interface KernelContents {
  readonly images: readonly ImageContents[];
  /** Images with modules in their ramdisks. */
  readonly ramdisks: readonly RamdiskContents[];
  /** The modules in these that are this kernel's. */
  readonly packed: readonly ModuleEntry[];
}

/**
 * One kernel and everything that can be had of it. Nothing is made before it is asked for, and nothing
 * twice: who asks while it is being made waits for the same making.
 */
export class Kernel implements Releasable {
  readonly release: string;
  readonly sources: KernelSources;
  readonly findings = new Findings();
  readonly images: readonly ImageContents[];
  /** Modules of ramdisks. */
  readonly #packed: readonly ModuleEntry[];
  readonly #context: KernelContext;
  readonly #artifacts: SingleFlight<KernelArtifact, Outcome>;
  readonly #evidence: SourceEvidence;
  readonly #moduleArtifacts: ModuleArtifacts;
  readonly #types: TypeSources;
  readonly #config = new SingleFlight<'config', ConfigOutcome>(
    () => makeConfig(this.#context, () => this.headers.build()),
    ({ text, gzip }) => lasts(text) && lasts(gzip),
  );
  /** Who may read what. */
  readonly exposure: KernelExposure;
  readonly headers: KernelHeaderTrees;
  #modules: ModuleList | undefined;
  /** Counts kernels, so that each has a number of its own. */
  static #count = 0;
  /** Tells this kernel's artifacts from those of an earlier state of the same release. */
  readonly serial = (Kernel.#count += 1);
  #moduleChanges = 0;
  /** Of all modules, while all are asked for something. */
  #survey: ModuleSurvey | undefined;
  /** The state of modules that carry artifacts, once modules have been listed. */
  #carriers: string | undefined;
  /** The state of the files of all other artifacts when the kernel was found. */
  readonly #state: string;

  constructor(release: string, sources: KernelSources, contents: KernelContents, workshop: Workshop) {
    const { images, ramdisks, packed } = contents;
    this.release = release;
    this.sources = sources;
    this.images = images;
    this.#packed = packed;
    for (const note of ramdisks.flatMap((ramdisk) => ramdisk.notes())) this.findings.add(note);
    this.#context = {
      release,
      sources,
      images,
      ramdisks,
      workshop,
      findings: this.findings,
      modules: () => this.modules(),
      surveyed: (path) => {
        const found = this.#survey?.get(path);
        return typeof found === 'object' && 'sections' in found ? found : undefined;
      },
    };
    this.#artifacts = new SingleFlight(
      (artifact) => workshop.timed(release, artifact, () => this.#make(artifact)),
      lasts,
    );
    this.exposure = new KernelExposure(this.#context);
    this.headers = new KernelHeaderTrees(this.#context, this);
    const kernelBtf = (): Promise<Outcome> => this.artifact('btf/vmlinux');
    this.#types = { workshop, kernelBtf, kernelTypes: new KernelTypes(workshop, kernelBtf) };
    this.#moduleArtifacts = new ModuleArtifacts(
      () => this.modules(),
      (artifact, name) =>
        workshop.timed(release, `${artifact}/${name}`, () => this.#makeOfModule(artifact, name)),
    );
    this.#evidence = new SourceEvidence(
      sources,
      () => this.modules(),
      (artifact) => this.settled(artifact),
      () => this.headers.settled('build'),
    );
    this.#state = this.#stateOfInputs();
    workshop.memory.add(this);
  }

  letGo(shelf: Shelf): void {
    this.#modules?.modules.putAside(shelf);
    this.headers.letGo(shelf);
    this.#moduleArtifacts.letGo(shelf);
    this.#evidence.letGo();
    this.#types.kernelTypes.letGo();
  }

  /** An artifact, made now if it has not been. Never throws: a failure is an outcome. */
  artifact(artifact: KernelArtifact): Promise<Outcome> {
    return this.#artifacts.get(artifact);
  }

  /** An artifact of a module, made now if it has not been. Never throws. */
  moduleArtifact(artifact: ModuleArtifact, name: string): Promise<Outcome> {
    return this.#moduleArtifacts.get(artifact, name);
  }

  /** The modules by name, as directories list them. */
  modules(): ModuleList {
    if (!this.#modules) {
      const list = listModules(this.sources.moduleFolders, this.#packed);
      this.#modules = list;
      this.#carriers ??= stateOfCarriers(list);
    }
    return this.#modules;
  }

  /** Whether a module of that name is on disk, or loaded in the running kernel. */
  hasModule(name: string): boolean {
    return this.modules().modules.has(name) || (this.sources.live && liveModules().includes(name));
  }

  /** Whether there is what headers for BPF programs are made from; makes none of them. */
  async canHaveBpfHeaders(): Promise<boolean> {
    const needed = [await this.artifact('btf/vmlinux'), await this.artifact('config')];
    return needed.every(({ state }) => state !== 'absent');
  }

  /** Last modification of what the kernel was found by, in milliseconds since the epoch. */
  modified(): number {
    const [image] = this.images;
    if (image) return image.modified();
    const [folder] = [...this.sources.moduleFolders, ...this.sources.ramdisks];
    if (folder !== undefined) return statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return this.sources.live ? startOfSystem : 0;
  }

  /**
   * Whether what all artifacts but those of modules are made from is as it was when the kernel was found, and
   * what was made of it is still in the store.
   */
  isCurrent(): boolean {
    const contents = [...this.#artifacts.all().values()].map((outcome) =>
      outcome.state === 'ready' ? outcome.content : undefined,
    );
    contents.push(...moduleArtifacts.flatMap((each) => this.#moduleArtifacts.contents(each)));
    contents.push(this.headers.settled('build')?.tar);
    if (contents.some((content) => content?.kind === 'blob' && content.seal.isDamaged)) return false;
    if (this.#context.ramdisks.some((ramdisk) => ramdisk.isDamaged())) return false;
    const carriersAreCurrent =
      this.#carriers === undefined ||
      this.#carriers === stateOfCarriers(listModules(this.sources.moduleFolders, this.#packed));
    return carriersAreCurrent && this.#state === this.#stateOfInputs();
  }

  /** Lists the modules anew, and forgets what was made of those whose files have changed. */
  refreshModules(): void {
    const before = this.#modules;
    this.#modules = undefined;
    let changed = before !== undefined && !sameModules(before, this.modules());
    changed = this.#moduleArtifacts.forgetChanged() || changed;
    if (!changed) return;
    this.#artifacts.forget('modules.tsv');
    this.#artifacts.forget('Module.symvers');
    this.#artifacts.forget('btf-flat/all');
    this.#artifacts.forget('bpf-headers');
    this.headers.forgetBpf();
    this.#moduleChanges += 1;
  }

  /** How often modules have been seen to come, go or change. */
  moduleChanges(): number {
    return this.#moduleChanges;
  }

  /** How often a module has been seen to be replaced; tells what is made of it from what was before. */
  replacements(module: string): number {
    return this.#moduleArtifacts.replacements(module);
  }

  #stateOfInputs(): string {
    const { images, ramdisks, configs, given } = this.sources;
    return inputState([...images, ...ramdisks, ...configs, ...given.configs, ...given.headers, ...given.btf]);
  }

  /** Names below btf/ apart from `vmlinux`: modules on disk, and loaded ones of the running kernel. */
  moduleNames(): readonly string[] {
    const names = new Set(this.modules().modules.keys());
    if (this.sources.live) for (const name of liveModules()) names.add(name);
    names.delete('vmlinux');
    return [...names].sort();
  }

  hasModules(): boolean {
    return this.modules().modules.size > 0 || (this.sources.live && liveModules().length > 0);
  }

  /** A row of modules.tsv for each module, each looked at now. @param onRow told how far it has come */
  moduleRows(onRow?: (done: number, all: number) => void): Promise<ModuleRow[]> {
    return this.#withSurvey(() => moduleRows(this.#context, (name) => this.#judge(name), onRow));
  }

  /** What came of an artifact so far, undefined while nobody has asked for it. */
  settled(artifact: KernelArtifact): Outcome | undefined {
    return this.#artifacts.settled(artifact);
  }

  /** What came of the artifacts of modules that were asked for so far, by module name. */
  settledModules(artifact: ModuleArtifact): ReadonlyMap<string, SettledModule> {
    return this.#moduleArtifacts.settled(artifact);
  }

  /** Whether an artifact is there, as far as can be told without making it. */
  evidence(artifact: KernelArtifact): Evidence {
    return this.#evidence.of(artifact);
  }

  async #make(artifact: KernelArtifact): Promise<Outcome> {
    switch (artifact) {
      case 'version':
        return await makeVersion(this.#context);
      case 'compiler':
        return await makeCompiler(this.#context, () => this.artifact('config'));
      case 'config':
        return (await this.#config.get('config')).text;
      case 'config.gz':
        return (await this.#config.get('config')).gzip;
      case 'auto.conf':
        return await makeAutoConf(await this.artifact('config'));
      case 'kernel.release':
        return makeKernelRelease(this.release, await this.artifact('kheaders.tar.xz'));
      case 'headers-only.mk':
        return await makeHeadersOnly(this.release, await this.headers.buildOutcome(), () =>
          this.headers.build(),
        );
      case 'kheaders.tar.xz':
        return await makeHeaderArchive(this.#context);
      case 'build':
        return await this.headers.buildOutcome();
      case 'bpf-headers':
        return await this.headers.bpfOutcome();
      case 'btf/vmlinux':
        return await makeKernelBtf(this.#context);
      case 'vmlinux':
        return await makeVmlinux(this.#context, await this.artifact('btf/vmlinux'));
      case 'types/vmlinux.h':
        return await makeKernelHeader(this.#types);
      case 'btf-flat/all':
        return await makeMergedBtf(this.#types, () =>
          this.#withSurvey(() =>
            Promise.all(this.moduleNames().map((name) => this.moduleArtifact('btf', name))),
          ),
        );
      case 'modules.tsv':
        return await this.#withSurvey(() => makeModulesTable(this.#context, (name) => this.#judge(name)));
      case 'Module.symvers':
        return await makeModuleSymvers(this.#context);
    }
  }

  async #makeOfModule(artifact: ModuleArtifact, name: string): Promise<Outcome> {
    switch (artifact) {
      case 'btf':
        return await makeModuleBtf(this.#context, this.#types.kernelTypes, name);
      case 'btf-flat':
        return await makeFlatBtf(this.#types, await this.moduleArtifact('btf', name));
      case 'types':
        return await makeModuleHeader(this.#types, await this.moduleArtifact('btf', name));
    }
  }

  /** Does something with all modules, whose files are looked at in one go before. */
  async #withSurvey<T>(work: () => Promise<T>): Promise<T> {
    const files = [...this.modules().modules.values()].filter(({ packed }) => !packed);
    const survey = await surveyModules(files.map(({ path }) => path));
    const { reads } = this.#context.workshop;
    reads.files += survey.read.files;
    reads.bytes += survey.read.bytes;
    this.#survey = survey;
    try {
      return await work();
    } finally {
      this.#survey = undefined;
    }
  }

  async #judge(name: string): Promise<Judgement> {
    return await judge(await this.moduleArtifact('btf', name), await this.#types.kernelTypes.forChecking());
  }
}

/** When the running kernel was started, in milliseconds since the epoch: the age of what only it shows. */
const startOfSystem = Math.floor(Date.now() / 1000 - uptime()) * 1000;

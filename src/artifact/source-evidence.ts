import { existsSync, readFileSync } from 'node:fs';
import { configValue } from '../format/kernel-config.ts';
import { livePaths } from '../source/live.ts';
import type { ModuleList } from '../source/module-folder.ts';
import type { HeaderTree } from './header-tree.ts';
import { hasHeadersOnly } from './make-headers-only.ts';
import type { KernelSources } from './kernel-context.ts';
import type { Evidence, KernelArtifact } from './kinds.ts';
import type { Outcome } from './outcome.ts';

/** What a kernel's sources tell of its artifacts before these are made. */
export class SourceEvidence {
  readonly #sources: KernelSources;
  readonly #modules: () => ModuleList;
  readonly #settled: (artifact: KernelArtifact) => Outcome | undefined;
  readonly #headerTree: () => HeaderTree | undefined;
  /** Text of a configuration that lies beside the kernel, once it has been looked for. */
  #neighbour: string | undefined;

  /**
   * @param settled what came of an artifact, once somebody has asked for it: from then on nothing else counts
   * @param headerTree the header tree, once it has been unpacked
   */
  constructor(
    sources: KernelSources,
    modules: () => ModuleList,
    settled: (artifact: KernelArtifact) => Outcome | undefined,
    headerTree: () => HeaderTree | undefined,
  ) {
    this.#sources = sources;
    this.#modules = modules;
    this.#settled = settled;
    this.#headerTree = headerTree;
  }

  /** Whether an artifact is there, as far as can be told without making it. */
  of(artifact: KernelArtifact): Evidence {
    const outcome = this.#settled(artifact) ?? this.#settled(twins[artifact] ?? artifact);
    if (outcome) return outcome.state === 'absent' ? 'none' : 'present';
    const { images, live, moduleFolders, ramdisks, given, configs } = this.#sources;
    switch (artifact) {
      case 'version':
        return live || images.length > 0 ? 'present' : 'none';
      case 'compiler':
        return live || images.length > 0 ? 'present' : this.of('config');
      case 'config':
      case 'config.gz':
        if (given.configs.length + configs.length > 0) return 'present';
        if (live && isThere(livePaths.config)) return 'present';
        return images.length > 0 ? 'possible' : this.of('build');
      case 'auto.conf':
        return this.of('config');
      case 'kernel.release':
        // Only what lies in build/ is looked for by makefiles.
        return this.of('build');
      case 'kheaders.tar.xz':
      case 'build':
        if (given.headers.length > 0 || this.#modules().modules.has('kheaders')) return 'present';
        return live && isThere(livePaths.headers) ? 'present' : this.#inImage('CONFIG_IKHEADERS');
      case 'headers-only.mk': {
        const tree = this.#headerTree();
        if (tree) return hasHeadersOnly(tree) ? 'present' : 'none';
        return this.of('build') === 'none' ? 'none' : 'possible';
      }
      case 'btf/vmlinux':
        if (given.btf.length > 0) return 'present';
        return live && isThere([`${livePaths.btf}/vmlinux`])
          ? 'present'
          : this.#inImage('CONFIG_DEBUG_INFO_BTF');
      case 'vmlinux':
      case 'types/vmlinux.h':
      case 'btf-flat/all':
        return this.of('btf/vmlinux') === 'none' ? 'none' : 'possible';
      case 'bpf-headers':
        return this.of('btf/vmlinux') === 'none' || this.of('config') === 'none' ? 'none' : 'possible';
      case 'modules.tsv':
        return moduleFolders.length + ramdisks.length > 0 ? 'present' : 'none';
      case 'Module.symvers':
        return this.#inImage('CONFIG_MODULES');
    }
  }

  /** The configuration is read again when it is looked into. */
  letGo(): void {
    this.#neighbour = undefined;
  }

  /** Whether an image may carry what an option builds in; a configuration beside the kernel can deny it. */
  #inImage(option: string): Evidence {
    if (this.#sources.images.length === 0) return 'none';
    this.#neighbour ??= neighbouringConfig(this.#sources);
    if (this.#neighbour === '') return 'possible';
    return configValue(this.#neighbour, option) === 'y' ? 'possible' : 'none';
  }
}

/** Artifacts that are there exactly when another one is. */
const twins: Readonly<Partial<Record<KernelArtifact, KernelArtifact>>> = {
  config: 'config.gz',
  'config.gz': 'config',
  build: 'kheaders.tar.xz',
  'kheaders.tar.xz': 'build',
};

/** Whether the running kernel shows one of these files. */
function isThere(paths: readonly string[]): boolean {
  return paths.some((path) => existsSync(path));
}

/** The first configuration file that lies beside the kernel; empty when there is none that can be read. */
function neighbouringConfig(sources: KernelSources): string {
  for (const path of [...sources.given.configs, ...sources.configs]) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // Only a hint is lost; whoever asks for the configuration itself is told what is wrong with it.
    }
  }
  return '';
}

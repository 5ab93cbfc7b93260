import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { KnownDevice } from '../bytes/block-device.ts';
import { FileSource } from '../bytes/file-source.ts';
import { IkfsError, asIkfsError, describeError } from '../errors.ts';
import { releaseOf } from '../format/modinfo.ts';
import { parseUtsRelease } from '../format/utsrelease.ts';
import { identifyDevice, openImage } from '../source/device-image.ts';
import { discover } from '../source/discover.ts';
import { peekRelease } from '../source/image.ts';
import { runningRelease } from '../source/live.ts';
import { listModules, looksLikeModuleFolder, moduleFoldersIn } from '../source/module-folder.ts';
import type { ModuleEntry } from '../source/module-folder.ts';
import { moduleInfo, readModule } from '../source/module.ts';
import { SystemRoot } from '../source/system-root.ts';
import { ImageContents } from './image-contents.ts';
import type { KernelSources } from './kernel-context.ts';
import { Kernel } from './kernel.ts';
import { archiveInFile, makeHeaderTree } from './make-headers.ts';
import type { Attempt } from './outcome.ts';
import { RamdiskContents } from './ramdisk-contents.ts';
import { SingleFlight } from './single-flight.ts';
import type { Workshop } from './workshop.ts';

/** Where to look for kernels, as the command line says it. Paths are absolute. */
export interface SourceRequest {
  /** A directory that holds another system; `/` when nothing at all was given by hand. */
  readonly sysroot: string | undefined;
  readonly images: readonly string[];
  readonly modules: readonly string[];
  readonly headers: readonly string[];
  readonly btf: readonly string[];
  readonly configs: readonly string[];
  /** The only release wanted; also says which kernel files given by hand belong to. */
  readonly release: string | undefined;
  /** Where the tree is mounted, without links: whoever serves it must not look below it, or would wait for himself. */
  readonly ownMount?: string;
}

/** All kernels that were found. */
export interface Catalogue {
  /** By release, in order of release. */
  readonly kernels: ReadonlyMap<string, Kernel>;
  /** The running kernel's release, when it is among them. */
  readonly running: string | undefined;
  /** Files that were looked at and turned out to be no kernel, with the reason. */
  readonly rejected: readonly Attempt[];
}

/** The parts of KernelSources while they are being gathered. */
interface Gathering {
  images: ImageContents[];
  moduleFolders: string[];
  ramdisks: RamdiskContents[];
  /** The modules in these. */
  packed: ModuleEntry[];
  configs: string[];
  given: { configs: string[]; headers: string[]; btf: string[] };
  live: boolean;
  devices: Record<string, string>;
}

/**
 * Finds the kernels of a system and those given by hand. Reads directories and the heads of images; only what does not
 * tell otherwise which kernel it belongs to is unwrapped: images that are compressed as a whole, and ramdisks. All that
 * is used of a block device is read.
 * @param previous what was found before; kernels whose files are the same keep what has been made of them
 * @throws IkfsError `usage` when files were given that no kernel can be told for, `not-found` for a file
 *   given by hand that is not there
 */
export async function openCatalogue(
  request: SourceRequest,
  workshop: Workshop,
  previous?: Catalogue,
): Promise<Catalogue> {
  const gatherer = new Gatherer(workshop);
  if (request.sysroot !== undefined)
    await gatherer.system(new SystemRoot(request.sysroot, workshop.reads, request.ownMount));
  await gatherer.given(request);
  return gatherer.catalogue(request.release, previous);
}

class Gatherer {
  readonly #workshop: Workshop;
  readonly #kernels = new Map<string, Gathering>();
  readonly #rejected: Attempt[] = [];
  readonly #devices = new SingleFlight<string, KnownDevice | undefined>(async (path) => {
    const { limits, reads } = this.#workshop;
    const isDevice = statSync(path, { throwIfNoEntry: false })?.isBlockDevice() ?? false;
    return isDevice ? await identifyDevice(path, limits, reads) : undefined;
  });

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  async system(root: SystemRoot): Promise<void> {
    const found = discover(root);
    for (const { release, path } of found.moduleFolders) this.#of(release).moduleFolders.push(path);
    for (const { path, sample } of found.flatModuleFolders) {
      await this.#tolerant(sample, async () => {
        this.#of(await this.#releaseOfModule(sample)).moduleFolders.push(path);
      });
    }
    for (const path of found.images) await this.#tolerant(path, () => this.#addImage(path));
    for (const path of found.partitions.kernels) {
      await this.#tolerant(path, async () => this.#addImage(path, await this.#device(path)));
    }
    for (const path of found.partitions.ramdisks) {
      await this.#tolerant(path, () => this.#addRamdisk(path));
    }
    if (root.running) this.#of(runningRelease()).live = true;
    for (const { release, path } of found.configs) {
      if (this.#kernels.has(release)) this.#of(release).configs.push(path);
      else this.#rejected.push({ source: path, reason: `there is no kernel ${release} to go with it` });
    }
  }

  async given(wanted: SourceRequest): Promise<void> {
    const request = outsideOwnMount(wanted);
    for (const path of request.images) await this.#addImage(path, await this.#device(path));
    for (const path of request.modules) await this.#addModules(path, request.release);
    for (const path of request.headers) {
      const release = this.#onlyRelease(request) ?? (await this.#releaseOfHeaders(path));
      this.#of(release).given.headers.push(path);
    }
    for (const path of request.btf) this.#of(this.#releaseFor(path, '--btf', request)).given.btf.push(path);
    for (const path of request.configs) {
      this.#of(this.#releaseFor(path, '--config', request)).given.configs.push(path);
    }
  }

  catalogue(only: string | undefined, previous: Catalogue | undefined): Catalogue {
    const kernels = new Map<string, Kernel>();
    for (const [release, gathered] of [...this.#kernels].sort(([a], [b]) => compareReleases(a, b))) {
      if (only !== undefined && release !== only) continue;
      const { images, ramdisks, packed, ...rest } = gathered;
      const sources: KernelSources = { ...rest, images: pathsOf(images), ramdisks: pathsOf(ramdisks) };
      const before = previous?.kernels.get(release);
      if (before && isDeepStrictEqual(before.sources, sources) && before.isCurrent()) {
        before.refreshModules();
        kernels.set(release, before);
      } else {
        kernels.set(release, new Kernel(release, sources, { images, ramdisks, packed }, this.#workshop));
      }
    }
    const running = runningRelease();
    return { kernels, running: kernels.has(running) ? running : undefined, rejected: this.#rejected };
  }

  #of(release: string): Gathering {
    if (!isReleaseName(release)) {
      throw new IkfsError('corrupt', `${JSON.stringify(release)} can not be a kernel release`);
    }
    let gathering = this.#kernels.get(release);
    if (!gathering) {
      gathering = {
        images: [],
        moduleFolders: [],
        ramdisks: [],
        packed: [],
        configs: [],
        given: { configs: [], headers: [], btf: [] },
        live: false,
        devices: {},
      };
      this.#kernels.set(release, gathering);
    }
    return gathering;
  }

  /** A file that was only found, not given: when it is no kernel that is noted and no more. */
  async #tolerant(path: string, add: () => Promise<unknown>): Promise<void> {
    try {
      await add();
    } catch (thrown) {
      this.#rejected.push({ source: path, reason: describeError(asIkfsError(thrown)) });
    }
  }

  /** What tells a block device from others; undefined for any other file. */
  #device(path: string): Promise<KnownDevice | undefined> {
    return this.#devices.get(path);
  }

  async #addImage(path: string, device?: KnownDevice): Promise<void> {
    const image = new ImageContents(path, this.#workshop, device);
    const file = openImage(path, device, this.#workshop.reads);
    let release: string | undefined;
    try {
      release = peekRelease(file);
    } finally {
      file.close();
    }
    release ??= (await image.record()).release;
    if (release === undefined) throw new IkfsError('unsupported', 'has no "Linux version" banner', { path });
    const gathering = this.#of(release);
    gathering.images.push(image);
    if (device) gathering.devices[path] = device.digest;
  }

  /**
   * An image with modules in its ramdisks.
   * @param given the release that they are of, when they are of one kernel
   * @returns whether there were any
   */
  async #addRamdisk(path: string, given?: string): Promise<boolean> {
    const device = await this.#device(path);
    const ramdisk = new RamdiskContents(path, this.#workshop, device);
    const found = await ramdisk.modules();
    for (const { release, modules } of found) {
      const gathering = this.#of(found.length === 1 ? (given ?? release) : release);
      gathering.ramdisks.push(ramdisk);
      gathering.packed.push(...modules);
      if (device) gathering.devices[path] = device.digest;
    }
    return found.length > 0;
  }

  /** A folder of one kernel's modules, one that holds such folders by release, or an image with a ramdisk. */
  async #addModules(path: string, release: string | undefined): Promise<void> {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) {
      if (await this.#addRamdisk(path, release)) return;
      throw new IkfsError('not-found', 'has no modules in its ramdisks', { path });
    }
    if (!looksLikeModuleFolder(path)) {
      const folders = moduleFoldersIn(path);
      if (folders.length === 0) throw new IkfsError('not-found', 'holds no modules', { path });
      for (const folder of folders) this.#of(basename(folder)).moduleFolders.push(folder);
      return;
    }
    this.#of(release ?? (await this.#releaseOfFolder(path))).moduleFolders.push(path);
  }

  async #releaseOfFolder(path: string): Promise<string> {
    const [first] = listModules([path]).modules.values();
    return first ? await this.#releaseOfModule(first.path) : basename(path);
  }

  async #releaseOfModule(path: string): Promise<string> {
    const file = FileSource.open(path, { tally: this.#workshop.reads });
    try {
      const vermagic = moduleInfo(await readModule(file, this.#workshop.limits))?.vermagic;
      const release = vermagic === undefined ? undefined : releaseOf(vermagic);
      if (release === undefined) throw new IkfsError('corrupt', 'has no vermagic in .modinfo', { path });
      return release;
    } finally {
      file.close();
    }
  }

  async #releaseOfHeaders(path: string): Promise<string> {
    const archive = await archiveInFile(path, this.#workshop);
    if ('missing' in archive) throw new IkfsError('not-found', archive.missing, { path });
    const tree = await makeHeaderTree(this.#workshop, archive);
    const text = await tree.readFile('include/generated/utsrelease.h');
    if (!text) throw new IkfsError('corrupt', 'the headers do not say their release', { path });
    return parseUtsRelease(text.toString());
  }

  /** The release that a file given by hand must belong to, if only one comes into question. */
  #onlyRelease(request: SourceRequest): string | undefined {
    if (request.release !== undefined) return request.release;
    const [first, ...others] = this.#kernels.keys();
    return others.length === 0 ? first : undefined;
  }

  #releaseFor(path: string, option: string, request: SourceRequest): string {
    const release = this.#onlyRelease(request);
    if (release !== undefined) return release;
    throw new IkfsError('usage', `it is not clear which kernel ${path} belongs to`, {
      steps: [option],
      advice: 'Name it with --release',
    });
  }
}

/**
 * The files given by hand where they lie now: a link among them may lead into the tree later, when it is too late to
 * refuse it.
 * @throws IkfsError `usage` for one that lies in the tree itself
 */
function outsideOwnMount(request: SourceRequest): SourceRequest {
  const { ownMount, images, modules, headers, btf, configs } = request;
  if (ownMount === undefined) return request;
  const root = new SystemRoot('/', undefined, ownMount);
  const resolved = (paths: readonly string[]): string[] =>
    paths.map((path) => {
      const refuse = (): never => {
        throw new IkfsError('usage', 'lies in the tree that is to be mounted', { path });
      };
      // What is not there is told of when it is opened.
      return root.resolve(path, refuse) ?? path;
    });
  return {
    ...request,
    images: resolved(images),
    modules: resolved(modules),
    headers: resolved(headers),
    btf: resolved(btf),
    configs: resolved(configs),
  };
}

function pathsOf(files: readonly { readonly path: string }[]): string[] {
  return files.map(({ path }) => path);
}

/**
 * A release is one path component, as it names a directory here and below /lib/modules, and begins with a version
 * (Makefile: KERNELVERSION), so it is none of the names beside it.
 */
function isReleaseName(release: string): boolean {
  return /^\d[^\s/]{0,63}$/.test(release);
}

/**
 * Orders releases as people do: 6.9 before 6.12. By hand, because a locale's order takes half a megabyte that is never
 * given back.
 */
function compareReleases(a: string, b: string): number {
  // Every second part is a number.
  const [ours, theirs] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (const [index, part] of ours.entries()) {
    const other = theirs[index] ?? '';
    if (part === other) continue;
    const difference = index % 2 === 1 ? Number(part) - Number(other) : 0;
    return difference || (part < other ? -1 : 1);
  }
  return ours.length - theirs.length;
}
